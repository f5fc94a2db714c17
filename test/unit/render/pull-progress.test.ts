import { createPullProgress, type PullStep } from '../../../src/render/pull-progress.ts';

const steps: PullStep[] = [
  { type: 'pulling', name: 'latest', repository: 'library/alpine' },
  { type: 'layer', layer: 'aaa', status: 'exists' },
  { type: 'layer', layer: 'bbb', status: 'waiting' },
  { type: 'layer', layer: 'ccc', status: 'waiting' },
  { type: 'layer', layer: 'bbb', status: 'downloading', current: 0, total: 4_000_000 },
  { type: 'layer', layer: 'bbb', status: 'downloading', current: 1_000_000, total: 4_000_000 },
  { type: 'layer', layer: 'ccc', status: 'retrying' },
  { type: 'layer', layer: 'bbb', status: 'verifying' },
  { type: 'layer', layer: 'bbb', status: 'extracting', current: 4_000_000, total: 4_000_000 },
  { type: 'layer', layer: 'bbb', status: 'complete' },
  { type: 'layer', layer: 'bbb', status: 'complete' },
  { type: 'layer', layer: 'bbb', status: 'downloading', current: 1, total: 2 },
];

function shown(isTerminal: boolean, columns: number, given = steps): string {
  let text = '';
  const progress = createPullProgress({
    write: (part) => {
      text += part;
    },
    isTerminal,
    columns,
  });
  for (const step of given) progress(step);
  return text;
}

const esc = String.fromCharCode(27);
const controls = new RegExp(`${esc}\\[\\d+[ABK]|[\\r\\n]|[^${esc}\\r\\n]+`, 'g');

/** What stands on a terminal after `text`. */
function screenOf(text: string): string[] {
  const lines: string[] = [''];
  let row = 0;
  for (const part of text.match(controls) ?? []) {
    const count = Number(/\d+/.exec(part)?.[0]);
    if (part.endsWith('A') && part.startsWith('\x1b')) row -= count;
    else if (part.endsWith('B') && part.startsWith('\x1b')) row += count;
    else if (part.endsWith('K') && part.startsWith('\x1b')) lines[row] = '';
    else if (part === '\n') row++;
    else if (part !== '\r') lines[row] = part;
  }
  return lines;
}

test('without a terminal each step is a line, counters are left out', () => {
  expect(shown(false, 80)).toBe(
    [
      'latest: Pulling from library/alpine',
      'aaa: Already exists',
      'bbb: Pulling fs layer',
      'ccc: Pulling fs layer',
      'ccc: Retrying',
      'bbb: Verifying Checksum',
      'bbb: Pull complete',
      '',
    ].join('\n'),
  );
});

test('on a terminal each layer has one line, rewritten in place', () => {
  expect(screenOf(shown(true, 80))).toEqual([
    'latest: Pulling from library/alpine',
    'aaa: Already exists',
    'bbb: Pull complete',
    'ccc: Retrying',
  ]);
  expect(screenOf(shown(true, 80, steps.slice(0, 6)))[2]).toBe('bbb: Downloading      1MB/4MB');
});

test('a wide terminal shows a bar of fifty', () => {
  expect(screenOf(shown(true, 120, steps.slice(0, 6)))[2]).toBe(`bbb: Downloading [${'='.repeat(12)}>${' '.repeat(38)}]      1MB/4MB`);
});

test('a narrow terminal cuts lines, so that none wraps', () => {
  expect(screenOf(shown(true, 12, steps.slice(0, 6)))[2]).toBe('bbb: Downlo');
});
