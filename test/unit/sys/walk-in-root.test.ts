// Walks that would leave their root by the kernel's own resolution.
import { closeSync, mkdirSync, mkdtempSync, openSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { walkInRoot } from '../../../src/sys/walk-in-root.ts';

let base: string;
let root: number;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'skiff-walk-'));
  const at = (path: string) => join(base, 'root', path);
  mkdirSync(at('a/b'), { recursive: true });
  mkdirSync(join(base, 'outside'));
  writeFileSync(at('a/file'), '');
  symlinkSync('/a/b', at('absolute'));
  symlinkSync('../../../../a/b', at('a/climbs'));
  symlinkSync('/new', at('dangling'));
  symlinkSync('/gone/new', at('far'));
  symlinkSync('loop', at('loop'));
  symlinkSync(join(base, 'outside'), at('out'));
  symlinkSync('a', at('folder'));
  root = openSync(at(''), 'r');
});
afterAll(() => {
  closeSync(root);
  rmSync(base, { recursive: true });
});

function walk(path: string, follow = true): string {
  const { folder, folderPath, base: name, kind } = walkInRoot(root, path, { follow });
  try {
    const place = readlinkSync(`/proc/self/fd/${folder}`).slice(join(base, 'root').length) || '/';
    expect(place).toBe(folderPath);
    return `${folderPath} ${name} ${kind}`;
  } finally {
    closeSync(folder);
  }
}

test.each([
  ['', '/ . folder'],
  ['/', '/ . folder'],
  ['/../..', '/ . folder'],
  ['a', '/ a folder'],
  ['/a//b/./', '/a b folder'],
  ['a/file', '/a file file'],
  ['a/b/../file', '/a file file'],
  ['absolute', '/a b folder'],
  ['a/climbs', '/a b folder'],
  ['folder/file', '/a file file'],
  ['absolute/../../../..', '/ . folder'],
  ['a/new', '/a new undefined'],
  ['a/new/', '/a new undefined'],
  ['dangling', '/ new undefined'],
])('%s leads to %s', (path, end) => {
  expect(walk(path)).toBe(end);
});

test('a symlink at the end is followed only when it is asked for', () => {
  expect(walk('absolute', false)).toBe('/ absolute symlink');
  expect(walk('absolute/', false)).toBe('/a b folder');
  expect(walk('absolute/.', false)).toBe('/a b folder');
});

test.each([
  ['missing/x', 'ENOENT'],
  ['far', 'ENOENT'],
  ['out', 'ENOENT'],
  ['out/x', 'ENOENT'],
  ['a/file/x', 'ENOTDIR'],
  ['a/file/', 'ENOTDIR'],
  ['loop', 'ELOOP'],
])('%s fails with %s', (path, code) => {
  expect(() => walk(path)).toThrow(expect.objectContaining({ code }));
});

test("every descriptor but the folder's is closed", () => {
  // Only what is open below the test's own folder: others of this process come and go.
  const count = () =>
    Bun.spawnSync(['sh', '-c', `for fd in /proc/${process.pid}/fd/*; do readlink "$fd"; done`])
      .stdout.toString()
      .split('\n')
      .filter((path) => path.startsWith(base)).length;
  walk('a/b');
  const before = count();
  for (let round = 0; round < 20; round++) {
    walk('absolute/../b');
    expect(() => walk('far')).toThrow();
    expect(() => walk('loop')).toThrow();
  }
  expect(count()).toBe(before);
});
