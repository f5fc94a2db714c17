import type { BuildNews } from '../../../../src/render/build/events.ts';
import { buildFrame } from '../../../../src/render/build/frame.ts';
import { createRedraw } from '../../../../src/render/build/redraw.ts';
import { cutToWidth, plainText } from '../../../../src/render/build/safe-text.ts';
import { createSteps } from '../../../../src/render/build/steps.ts';
import { createTerminalBuild } from '../../../../src/render/build/terminal.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const OPTIONS = { columns: 40, rows: 24, startedAt: 0, now: 12_300, colours: false };

function stepsOf(events: BuildNews[]) {
  const steps = createSteps();
  for (const event of events) steps.take(event);
  return steps;
}

const running = (id: string, lines: number): BuildNews[] => [
  { type: 'step', id, name: `[${id} 1/1] RUN make`, inputs: [] },
  { type: 'started', id, at: 2000 },
  ...Array.from({ length: lines }, (_, at): BuildNews => ({ type: 'log', id, stream: 1, data: base64(`${id} ${at + 1}\n`), at: 2500 })),
];
const ended = (id: string): BuildNews[] => [
  { type: 'step', id, name: `[${id}] FROM x`, inputs: [] },
  { type: 'ended', id, at: 1000, result: 'cached' },
];

test('a line per step with its time, what runs with its last six lines', () => {
  expect(buildFrame(stepsOf([...ended('base'), ...running('app', 8)]), OPTIONS)).toEqual([
    '[+] Building 12.3s (1/2)',
    ' => CACHED [base] FROM x           0.0s',
    ' => [app 1/1] RUN make            10.3s',
    ' => => # app 3',
    ' => => # app 4',
    ' => => # app 5',
    ' => => # app 6',
    ' => => # app 7',
    ' => => # app 8',
  ]);
});

test('a line that has no end yet is shown, and so is what is downloaded, until it is done', () => {
  const steps = stepsOf([
    ...running('app', 0),
    { type: 'log', id: 'app', stream: 1, data: base64('half'), at: 2500 },
    { type: 'progress', id: 'app', label: 'layer', current: 5_000_000, total: 10_000_000 },
    { type: 'progress', id: 'app', label: 'other', current: 1, isDone: true },
  ]);
  expect(buildFrame(steps, OPTIONS).slice(2)).toEqual([' => => layer 5MB / 10MB', ' => => # half']);
});

test('where rows are few, side by side steps share them; then the steps that ended go, the oldest first', () => {
  const steps = stepsOf([...ended('a'), ...ended('b'), ...ended('c'), ...running('x', 9), ...running('y', 9)]);
  for (const rows of [24, 16, 12, 9, 8, 7, 6, 5, 4, 3]) expect(buildFrame(steps, { ...OPTIONS, rows }).length).toBeLessThan(rows);
  expect(buildFrame(steps, { ...OPTIONS, rows: 12 }).slice(4)).toEqual([
    ' => [x 1/1] RUN make              10.3s',
    ' => => # x 8',
    ' => => # x 9',
    ' => [y 1/1] RUN make              10.3s',
    ' => => # y 8',
    ' => => # y 9',
  ]);
  expect(buildFrame(steps, { ...OPTIONS, rows: 8 })).toEqual([
    '[+] Building 12.3s (3/5)',
    ' => … 2 steps that ended',
    ' => CACHED [c] FROM x              0.0s',
    ' => [x 1/1] RUN make              10.3s',
    ' => => # x 9',
    ' => [y 1/1] RUN make              10.3s',
    ' => => # y 9',
  ]);
});

test('the last frame has every step and no output, however long it is', () => {
  const steps = stepsOf([
    ...Array.from({ length: 30 }, (_, at) => ended(`s${at}`)).flat(),
    ...running('x', 9),
    { type: 'ended', id: 'x', at: 3000, result: 'failed' },
  ]);
  const frame = buildFrame(steps, { ...OPTIONS, isFinal: true, isFailed: true });
  expect(frame).toHaveLength(32);
  expect(frame[0]).toBe('[+] Building 12.3s (31/31) ERROR');
  expect(frame.at(-1)).toBe(' => ERROR [x 1/1] RUN make         1.0s');
});

test('no line is wider than the terminal, wide characters counted as two, and nothing of a program’s escapes is left', () => {
  const nasty = '\u001b[31m漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字\u001b[2J\u0007\u202eabc\t|';
  const steps = stepsOf([...running('app', 0), { type: 'log', id: 'app', stream: 2, data: base64(`${nasty}\n`), at: 2500 }]);
  const [line = ''] = buildFrame(steps, OPTIONS).slice(-1);
  expect(Bun.stringWidth(line)).toBeLessThan(40);
  expect(line).toBe(' => => # 漢字漢字漢字漢字漢字漢字漢字…');
  expect(plainText('a\tb\r')).toBe('a       b');
  expect(plainText('\u001b]0;title\u0007x\u009b31my')).not.toMatch(/\p{Cc}/u);
  expect(cutToWidth('abcdef', 4)).toBe('abc…');
});

test('a frame is put over the one before: up by the rows that it takes, lines overwritten, the rest cleared', () => {
  const redraw = createRedraw();
  expect(redraw.to(['one', 'two'], 10)).toBe('\u001b[?2026h\u001b[?25l\rone\u001b[K\ntwo\u001b[K\n\u001b[J\u001b[?2026l');
  expect(redraw.to(['1'], 10)).toBe('\u001b[?2026h\u001b[?25l\r\u001b[2A1\u001b[K\n\u001b[J\u001b[?2026l');
});

test('after the terminal got narrower the old lines take more rows', () => {
  const redraw = createRedraw();
  redraw.to(['0123456789', 'ab'], 20);
  expect(redraw.to(['x'], 4)).toContain('\r\u001b[4A');
});

test('the end brings the cursor back and the warnings', () => {
  const build = createTerminalBuild({ startedAt: 0, colours: false });
  build.take({ type: 'warning', message: 'look out' });
  const text = build.finish(1000, { columns: 40, rows: 10, isFailed: false });
  expect(text).toContain('[+] Building 1.0s (0/0) FINISHED');
  expect(text.endsWith('\u001b[?25h\n 1 warning found (use skiff build --check to expand):\n - look out\n')).toBe(true);
});
