import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson, writeFileAtomic, writeJsonAtomic } from '../../../src/sys/atomic.ts';

const dir = mkdtempSync(join(tmpdir(), 'atomic-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('a file is replaced whole, with its mode, and nothing else stays in the folder', () => {
  const path = join(dir, 'deep/er/file');
  writeFileAtomic(path, 'one');
  writeFileAtomic(path, 'two', { mode: 0o644 });
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(statSync(path).mode & 0o777).toBe(0o644);
  expect(readdirSync(join(dir, 'deep/er'))).toEqual(['file']);
});

test('a rename that fails leaves the old content and no temporary file', () => {
  const folder = join(dir, 'taken');
  writeFileAtomic(join(folder, 'inner'), 'x');
  expect(() => writeFileAtomic(folder, 'y')).toThrow();
  expect(readdirSync(dir).filter((name) => name.includes('.tmp-'))).toEqual([]);
  expect(readFileSync(join(folder, 'inner'), 'utf8')).toBe('x');
});

test('what is not JSON reads as absent', () => {
  const path = join(dir, 'broken.json');
  writeFileSync(path, '{"a":');
  expect(readJson(path)).toBeUndefined();
  writeJsonAtomic(path, { a: 1 });
  expect(readJson(path)).toEqual({ a: 1 });
  expect(readJson(join(dir, 'missing'))).toBeUndefined();
});

test('where the folder may not be made again, its absence is an error', () => {
  expect(() => writeFileAtomic(join(dir, 'removed/file'), 'x', { createFolder: false })).toThrow('ENOENT');
  expect(readdirSync(dir)).not.toContain('removed');
});
