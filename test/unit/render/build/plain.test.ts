import type { BuildNews } from '../../../../src/render/build/events.ts';
import { createPlainBuild } from '../../../../src/render/build/plain.ts';
import { createQuietBuild } from '../../../../src/render/build/quiet.ts';
import { createRawJsonBuild } from '../../../../src/render/build/raw-json.ts';

const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
const log = (id: string, text: string | Uint8Array, at: number, stream: 1 | 2 = 1): BuildNews => ({
  type: 'log',
  id,
  stream,
  data: base64(text),
  at,
});

const BUILD: BuildNews[] = [
  { type: 'step', id: 'a', name: '[1/2] FROM busybox', inputs: [] },
  { type: 'step', id: 'b', name: '[2/2] RUN make', inputs: ['a'] },
  { type: 'step', id: 'c', name: '[other 1/1] RUN false', inputs: [] },
  { type: 'ended', id: 'a', at: 1000, result: 'cached' },
  { type: 'started', id: 'b', at: 1000 },
  { type: 'explain', id: 'b', hit: false, reason: 'the file "a" differs' },
  log('b', 'one\ntw', 1312),
  { type: 'started', id: 'c', at: 1400 },
  log('c', 'bad\n', 1500, 2),
  log('b', 'o\n', 2000),
  { type: 'progress', id: 'b', label: 'sha256:0', current: 500_000, total: 1_000_000 },
  { type: 'progress', id: 'b', label: 'sha256:0', current: 1_000_000, total: 1_000_000, isDone: true },
  { type: 'ended', id: 'c', at: 2000, result: 'failed', error: 'exit code: 1' },
  log('b', 'no newline', 2100),
  { type: 'ended', id: 'b', at: 13_000, result: 'canceled' },
  { type: 'warning', rule: 'FromAsCasing', message: "'as' and 'FROM' keywords' casing do not match", line: 3 },
];

const shown = (renderer: { take(event: BuildNews): string; finish(): string }, events: BuildNews[]): string =>
  events.map((event) => renderer.take(event)).join('') + renderer.finish();

test('plain: a header when a step begins, each line with its number and time, its end, warnings last', () => {
  expect(shown(createPlainBuild(), BUILD)).toBe(`#1 [1/2] FROM busybox
#1 CACHED

#2 [2/2] RUN make
#2 MISS: the file "a" differs
#2 0.312 one
#3 [other 1/1] RUN false
#3 0.100 bad
#2 1.000 two
#2 sha256:0 1MB / 1MB done
#3 ERROR: exit code: 1

#2 12.00 no newline
#2 CANCELED

------
 > [other 1/1] RUN false:
0.100 bad
------

 1 warning found (use skiff build --check to expand):
 - FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 3)
`);
});

test('plain: times keep about five characters, and a step that did not begin is not shown', () => {
  const events: BuildNews[] = [
    { type: 'step', id: 'x', name: 'never', inputs: [] },
    { type: 'started', id: 'y', at: 0 },
    log('y', 'a\n', 99_994),
    log('y', 'b\n', 123_456),
    { type: 'ended', id: 'y', at: 200_000, result: 'done' },
  ];
  expect(shown(createPlainBuild(), events)).toBe('#1 y\n#1 99.99 a\n#1 123.5 b\n#1 DONE 200.0s\n\n');
});

test('plain: colours stay and end with the line, other escapes and what a carriage return overwrote go', () => {
  const events = [log('y', '\u001b[31mred\u001b[0m \u001b[2J\u0007x\n 10%\r 50%\r100%\n', 0)];
  expect(shown(createPlainBuild(), events)).toBe('#1 y\n#1 0.000 \u001b[31mred\u001b[0m x\u001b[0m\n#1 0.000 100%\n');
});

test('plain: neither a Dockerfile nor an error steers the terminal', () => {
  const events: BuildNews[] = [
    { type: 'step', id: 'y', name: '[1/1] RUN echo \u001b[31mx\u001b[2J', inputs: [] },
    { type: 'ended', id: 'y', at: 0, result: 'failed', error: 'bad \u001b]0;title\u0007' },
  ];
  expect(shown(createPlainBuild(), events)).toBe('#1 [1/1] RUN echo x\n#1 ERROR: bad \n\n');
});

test('plain: a character that comes in two pieces is one', () => {
  const bytes = Buffer.from('é\n');
  expect(shown(createPlainBuild(), [log('y', bytes.subarray(0, 1), 0), log('y', bytes.subarray(1), 0)])).toBe('#1 y\n#1 0.000 é\n');
});

test('quiet: only explanations, and the last lines of a step that failed', () => {
  expect(shown(createQuietBuild(), BUILD)).toBe(
    '[2/2] RUN make: MISS: the file "a" differs\n------\n > [other 1/1] RUN false:\n0.100 bad\n------\n',
  );
});

test('rawjson: BuildKit’s documents, a line each', () => {
  const lines = shown(
    createRawJsonBuild(() => 3000),
    BUILD,
  )
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, Record<string, unknown>[]>);
  const digest = (id: string): string => `sha256:${new Bun.CryptoHasher('sha256').update(id).digest('hex')}`;
  expect(lines[1]).toEqual({ vertexes: [{ digest: digest('b'), inputs: [digest('a')], name: '[2/2] RUN make' }] });
  expect(lines[3]).toEqual({
    vertexes: [
      {
        digest: digest('a'),
        name: '[1/2] FROM busybox',
        started: '1970-01-01T00:00:01.000Z',
        completed: '1970-01-01T00:00:01.000Z',
        cached: true,
      },
    ],
  });
  expect(lines[6]).toEqual({
    logs: [{ vertex: digest('b'), stream: 1, data: base64('one\ntw'), timestamp: '1970-01-01T00:00:01.312Z' }],
  });
  expect(lines[11]).toEqual({
    statuses: [{ id: 'sha256:0', vertex: digest('b'), total: 1_000_000, current: 1_000_000, completed: '1970-01-01T00:00:03.000Z' }],
  });
  expect(lines[12]?.vertexes?.[0]).toMatchObject({ error: 'exit code: 1' });
  expect(lines.at(-1)).toEqual({
    warnings: [
      {
        level: 1,
        short: base64("FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 3)"),
        range: [{ start: { line: 3 }, end: { line: 3 } }],
      },
    ],
  });
});
