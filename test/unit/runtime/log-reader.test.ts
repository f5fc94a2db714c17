import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nanoseconds, type ReadLogOptions, readLog } from '../../../src/runtime/log-reader.ts';
import { openLogWriter } from '../../../src/runtime/log-writer.ts';

const START = Date.UTC(2024, 0, 2, 3, 4, 0);
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-reader-'));
  path = join(folder, 'log');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Lines `0` to `count - 1`, one second apart. */
function writeLines(count: number, options = {}): void {
  const writer = openLogWriter(path, options);
  for (let index = 0; index < count; index++)
    writer.write(index % 3 === 0 ? 'stderr' : 'stdout', Buffer.from(`${index}\n`), START + index * 1000);
  writer.close(START);
}

async function read(options: ReadLogOptions = {}): Promise<string> {
  const texts: string[] = [];
  await readLog(path, options, (entries) => texts.push(...entries.map(({ log }) => log.trimEnd())));
  return texts.join(' ');
}

const secondsNs = (seconds: number): bigint => BigInt(START + seconds * 1000) * 1_000_000n;

test('a missing log is empty', async () => {
  expect(await read()).toBe('');
  expect(await read({ tail: 3 })).toBe('');
  expect(await read({ isAlive: () => false })).toBe('');
});

test('entries carry their stream and time', async () => {
  writeLines(2);
  const entries: unknown[] = [];
  await readLog(path, {}, (batch) => entries.push(...batch));
  expect(entries).toEqual([
    { log: '0\n', stream: 'stderr', time: '2024-01-02T03:04:00Z' },
    { log: '1\n', stream: 'stdout', time: '2024-01-02T03:04:01Z' },
  ]);
});

test.each([
  [{}, '0 1 2 3 4 5'],
  [{ tail: 0 }, ''],
  [{ tail: 1 }, '5'],
  [{ tail: 4 }, '2 3 4 5'],
  [{ tail: 6 }, '0 1 2 3 4 5'],
  [{ tail: 99 }, '0 1 2 3 4 5'],
  [{ sinceNs: secondsNs(4) }, '4 5'],
  [{ sinceNs: secondsNs(4) + 1n }, '5'],
  [{ untilNs: secondsNs(1) }, '0 1'],
  [{ sinceNs: secondsNs(1), untilNs: secondsNs(2) }, '1 2'],
  [{ tail: 2, untilNs: secondsNs(4) }, '4'],
])('reads %p as %p', async (options, expected) => {
  writeLines(6);
  expect(await read(options)).toBe(expected);
});

test.each([5, 17, 23, 40])('the last %d lines are found across rotated files', async (tail) => {
  writeLines(40, { maxSizeBytes: 800 });
  const kept = (await read()).split(' ');
  expect(kept.length).toBeGreaterThan(20);
  expect((await read({ tail })).split(' ')).toEqual(kept.slice(-tail));
});

test('the last lines are found in a log of many chunks', async () => {
  const writer = openLogWriter(path);
  const line = 'x'.repeat(1000);
  for (let index = 0; index < 500; index++) writer.write('stdout', Buffer.from(`${line}${index}\n`));
  writer.close();
  expect((await read({ tail: 3 })).replaceAll(line, '')).toBe('497 498 499');
  expect((await read({ tail: 200 })).split(' ').length).toBe(200);
  expect((await read()).split(' ').length).toBe(500);
});

test('what is no entry is passed over', async () => {
  writeFileSync(
    path,
    '{"log":"a\\n","stream":"stdout","time":"2024-01-02T03:04:05Z"}\n{"log":"to\n\n{"log":"b\\n","stream":"stdout","time":"2024-01-02T03:04:05Z"}\n{"log":"unfin',
  );
  expect(await read()).toBe('a b');
});

test('a rotation cut short before the new file was made hides nothing', async () => {
  writeLines(40, { maxSizeBytes: 800 });
  const kept = (await read()).split(' ');
  renameSync(`${path}.1`, `${path}.2`);
  renameSync(path, `${path}.1`);
  const left = (await read()).split(' ');
  expect(left.length).toBeGreaterThan(10);
  expect(left).toEqual(kept.slice(-left.length));
});

test('a rotation cut short between two renames hides nothing', async () => {
  writeLines(40, { maxSizeBytes: 800 });
  const kept = (await read()).split(' ');
  renameSync(`${path}.1`, `${path}.2`);
  const left = (await read()).split(' ');
  expect(left.length).toBeGreaterThan(10);
  expect(left).toEqual(kept.slice(-left.length));
});

test('following across many rotations loses and doubles nothing', async () => {
  const writer = openLogWriter(path, { maxSizeBytes: 2000, maxFiles: 3 });
  const seen: number[] = [];
  let written = 0;
  let alive = true;
  // The writer runs between the reader's looks, up to one rotation ahead, and dies with lines unread.
  const isAlive = (): boolean => {
    const answer = alive;
    for (let index = 0; index < 25; index++) writer.write('stdout', Buffer.from(`${written++}\n`), START);
    if (written >= 2000) alive = false;
    return answer;
  };
  await readLog(path, { isAlive }, (entries) => seen.push(...entries.map(({ log }) => Number(log))));
  writer.close();
  expect(seen).toEqual(Array.from({ length: written }, (_, index) => index));
});

test('an entry in two halves is handed over once it is whole', async () => {
  const halves = ['{"log":"half and ', 'half\\n","stream":"stdout","time":"2024-01-02T03:04:05Z"}\n'];
  let looks = 0;
  writeFileSync(path, halves[0] ?? '');
  const isAlive = (): boolean => {
    if (looks++ === 1) writeFileSync(path, halves[1] ?? '', { flag: 'a' });
    return looks < 3;
  };
  expect(await read({ isAlive })).toBe('half and half');
});

test('following ends at the given time', async () => {
  writeLines(6);
  expect(await read({ untilNs: secondsNs(2), isAlive: () => true })).toBe('0 1 2');
});

test.each([
  ['1970-01-01T00:00:00Z', 0n],
  ['2024-01-02T03:04:05.000000001Z', 1704164645000000001n],
  ['2024-01-02T03:04:05.5Z', 1704164645500000000n],
])('%s is %p nanoseconds', (time, expected) => {
  expect(nanoseconds(time)).toBe(expected);
});
