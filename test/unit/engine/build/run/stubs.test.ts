import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingPlaces, removeEmpty } from '../../../../../src/engine/build/run/stubs.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-stubs-'));
  for (const folder of ['proc', 'sys', 'dev', 'etc', 'real/there']) mkdirSync(join(root, folder), { recursive: true });
  for (const file of ['etc/hosts', 'etc/resolv.conf']) writeFileSync(join(root, file), '');
  symlinkSync('/real', join(root, 'link'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('what is missing of a place is told from the first folder on, symlinks followed inside', () => {
  expect(missingPlaces(root, ['/link/there', '/link/new/deep', '/a'])).toEqual(['/real/new', '/real/new/deep', '/a']);
});

test('what was missing and is empty goes, deepest first; what something was put into stays', () => {
  const places = missingPlaces(root, ['/a/b/c', '/d/e', '/f', '/g']);
  mkdirSync(join(root, 'a/b/c'), { recursive: true });
  mkdirSync(join(root, 'd/e'), { recursive: true });
  writeFileSync(join(root, 'd/made'), '');
  writeFileSync(join(root, 'f'), '');
  writeFileSync(join(root, 'g'), 'written');
  removeEmpty(root, places);
  expect(['a', 'd/e', 'd/made', 'f', 'g', 'etc/hosts'].filter((path) => existsSync(join(root, path)))).toEqual([
    'd/made',
    'g',
    'etc/hosts',
  ]);
});

test("a folder with fuse-overlayfs's own marks alone counts as empty", () => {
  const places = missingPlaces(root, ['/m']);
  mkdirSync(join(root, 'm'));
  for (const name of ['.wh..opq', '.wh..wh..opq']) writeFileSync(join(root, 'm', name), '');
  removeEmpty(root, places);
  expect(existsSync(join(root, 'm'))).toBe(false);
});

test('a symlink that the program put on the way leads to nothing that goes', () => {
  const outside = mkdtempSync(join(tmpdir(), 'skiff-stubs-'));
  try {
    mkdirSync(join(outside, 'folder'));
    writeFileSync(join(outside, 'file'), '');
    const places = missingPlaces(root, ['/a/folder', '/a/file']);
    expect(places).toEqual(['/a', '/a/folder', '/a/file']);
    symlinkSync(outside, join(root, 'a'));
    removeEmpty(root, places);
    expect([existsSync(join(outside, 'folder')), existsSync(join(outside, 'file'))]).toEqual([true, true]);
  } finally {
    rmSync(outside, { recursive: true, force: true });
  }
});
