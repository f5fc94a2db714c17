import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { compressRotated } from '../../../src/runtime/log-compress.ts';
import { readLog } from '../../../src/runtime/log-reader.ts';
import { openLogWriter } from '../../../src/runtime/log-writer.ts';

jest.setTimeout(60_000);

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-compress-'));
  path = join(folder, 'log');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function texts(options: { tail?: number } = {}): Promise<string[]> {
  const found: string[] = [];
  await readLog(path, options, (entries) => found.push(...entries.map(({ log }) => log)));
  return found;
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 3000 && !condition(); attempt++) await Bun.sleep(10);
  expect(condition()).toBe(true);
}

test('rotated files are compressed, and read back from the first line or the last', async () => {
  const writer = openLogWriter(path, { maxSizeBytes: 2000, maxFiles: 4, compress: true });
  const names = () => readdirSync(folder).toSorted();
  for (let line = 0; line < 120; line++) {
    writer.write('stdout', Buffer.from(`${line}\n`));
    // A rotation that comes before the last one is compressed is another test.
    await until(() => names().every((name) => name === 'log' || /^log\.\d\.gz$/.test(name)));
  }
  writer.close();
  expect(names()).toEqual(['log', 'log.1.gz', 'log.2.gz', 'log.3.gz']);
  const all = await texts();
  expect(all).toEqual(Array.from({ length: all.length }, (_, index) => `${120 - all.length + index}\n`));
  expect(await texts({ tail: 60 })).toEqual(all.slice(-60));
});

test('files rotated while one is compressed are taken up too', async () => {
  const writer = openLogWriter(path, { maxSizeBytes: 1_000_000, maxFiles: 5, compress: true });
  writer.write('stdout', Buffer.from(Array.from({ length: 50_000 }, (_, line) => `${line} ${'x'.repeat(50)}\n`).join('')));
  await until(() => readdirSync(folder).toSorted().join() === 'log,log.1.gz,log.2.gz,log.3.gz,log.4.gz');
  writer.close();
  expect(gunzipSync(readFileSync(`${path}.1.gz`)).length).toBeGreaterThanOrEqual(1_000_000);
});

test('what a writer that died left plain is compressed later, and half a file never counts', async () => {
  writeFileSync(`${path}.1`, '{"log":"new\\n","stream":"stdout","time":"2024-01-01T00:00:01Z"}\n');
  writeFileSync(`${path}.2`, '{"log":"old\\n","stream":"stdout","time":"2024-01-01T00:00:00Z"}\n');
  writeFileSync(path, '');
  writeFileSync(`${path}.gz.making`, 'half');
  expect(await texts()).toEqual(['old\n', 'new\n']);
  await compressRotated(path, 3);
  expect(existsSync(`${path}.1`) || existsSync(`${path}.2`) || existsSync(`${path}.gz.making`)).toBe(false);
  expect(await texts()).toEqual(['old\n', 'new\n']);
});

test('a follower goes on behind a file that is compressed under its hands', async () => {
  const writer = openLogWriter(path, { maxSizeBytes: 500, maxFiles: 3, compress: true });
  const found: string[] = [];
  let isAlive = true;
  const following = readLog(path, { isAlive: () => isAlive }, (entries) => found.push(...entries.map(({ log }) => log)));
  const expected: string[] = [];
  for (let line = 0; line < 60; line++) {
    writer.write('stdout', Buffer.from(`${line}\n`));
    expected.push(`${line}\n`);
    await until(() => found.length === expected.length);
    if (line % 5 === 0) await until(() => readdirSync(folder).every((name) => name === 'log' || name.endsWith('.gz')));
  }
  isAlive = false;
  writer.close();
  await following;
  expect(found).toEqual(expected);
});
