import { closeSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EscapeError, openBeneath } from '../../../src/sys/beneath.ts';

let root: string;

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'skiff-beneath-'));
  root = join(folder, 'root');
  mkdirSync(join(root, 'a/b'), { recursive: true });
  mkdirSync(join(root, 'ümlaut'));
  writeFileSync(join(root, 'a/file'), '');
  symlinkSync('a/b', join(root, 'inside'));
  symlinkSync('../inside', join(root, 'a/back'));
  symlinkSync('../../x', join(root, 'a/out'));
  symlinkSync(root, join(root, 'absolute'));
  symlinkSync('loop', join(root, 'loop'));
  writeFileSync(join(folder, 'x'), '');
});
afterAll(() => rmSync(join(root, '..'), { recursive: true }));

test.each([
  ['', '', true],
  ['a', 'a', true],
  ['./a//b/', 'a/b', true],
  ['a/file', 'a/file', false],
  ['a/../a/b', 'a/b', true],
  ['inside', 'a/b', true],
  ['a/back', 'a/b', true],
  ['ümlaut', 'ümlaut', true],
])('"%s" is found at "%s"', (path, place, isFolder) => {
  const found = openBeneath(root, path);
  expect(readlinkSync(`/proc/self/fd/${found.fd}`)).toBe(join(root, place).replace(/\/$/, ''));
  expect(found.isFolder).toBe(isFolder);
  closeSync(found.fd);
});

test.each(['..', 'a/../..', 'a/out', 'absolute', 'absolute/a'])('"%s" is an escape', (path) => {
  expect(() => openBeneath(root, path)).toThrow(EscapeError);
});

test.each([
  ['none', 'ENOENT'],
  ['a/file/x', 'ENOTDIR'],
  ['a/file/..', 'ENOTDIR'],
  ['loop', 'ELOOP'],
])('"%s" fails with %s', (path, code) => {
  expect(() => openBeneath(root, path)).toThrow(expect.objectContaining({ code }));
});
