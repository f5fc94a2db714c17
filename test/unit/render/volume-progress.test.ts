import { createVolumeProgress } from '../../../src/render/volume-progress.ts';

function progress(isTerminal: boolean) {
  let time = 0;
  let written = '';
  const made = createVolumeProgress('Cloning data', {
    isTerminal,
    now: () => time,
    write: (text) => {
      written += text;
    },
  });
  const at = (ms: number, done: number): string => {
    time = ms;
    written = '';
    made.update(done, 4_000_000);
    return written;
  };
  const end = (): string => {
    written = '';
    made.end();
    return written;
  };
  return { at, end };
}

test('on a terminal a bar grows once the work takes long, and goes away', () => {
  const { at, end } = progress(true);
  expect(at(100, 0)).toBe('');
  expect(at(300, 1_000_000)).toBe(`\r\u001b[2KCloning data [${'='.repeat(7)}${' '.repeat(23)}] 1MB of 4MB`);
  expect(at(310, 1_500_000)).toBe('');
  expect(at(400, 4_000_000)).toBe(`\r\u001b[2KCloning data [${'='.repeat(30)}] 4MB of 4MB`);
  expect(end()).toBe('\r\u001b[2K');
  expect(end()).toBe('');
});

test('elsewhere a plain line comes every five seconds', () => {
  const { at, end } = progress(false);
  expect([at(4999, 1_000_000), at(5000, 1_000_000), at(6000, 2_000_000), at(10_000, 3_000_000), end()]).toEqual([
    '',
    'Cloning data: 1MB of 4MB\n',
    '',
    'Cloning data: 3MB of 4MB\n',
    '',
  ]);
});
