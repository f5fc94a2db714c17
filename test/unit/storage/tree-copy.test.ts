import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyTree, type TreeCopyOptions } from '../../../src/storage/tree-copy.ts';
import { chownAt, makeNodeAt, setXattrFd } from '../../../src/sys/at.ts';
import { getXattr } from '../../../src/sys/xattr.ts';

const isRoot = process.getuid?.() === 0;
const S_IFIFO = 0o010000;
const S_IFSOCK = 0o140000;

let base: string;
let from: string;
let to: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'skiff-tree-copy-'));
  from = join(base, 'from');
  to = join(base, 'to');
  mkdirSync(from);
  mkdirSync(to);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

async function copy(options?: TreeCopyOptions) {
  const [source, target] = [openSync(from, 'r'), openSync(to, 'r')];
  try {
    return await copyTree(source, target, options);
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

test('files, folders, symlinks and fifos come with their modes and times, the folder itself too', async () => {
  mkdirSync(join(from, 'sub/deeper'), { recursive: true });
  writeFileSync(join(from, 'sub/file'), 'content');
  chmodSync(join(from, 'sub/file'), 0o4750);
  writeFileSync(join(from, 'empty'), '', { mode: 0o600 });
  symlinkSync('/nowhere/at all', join(from, 'link'));
  withFolder(from, (fd) => makeNodeAt(fd, 'fifo', S_IFIFO | 0o640, 0));
  withFolder(from, (fd) => makeNodeAt(fd, 'socket', S_IFSOCK | 0o600, 0));
  utimesSync(join(from, 'sub/file'), 1000.25, 1000.25);
  lutimesSync(join(from, 'link'), 2000, 2000);
  chmodSync(join(from, 'sub/deeper'), 0o1770);
  utimesSync(join(from, 'sub/deeper'), 3000, 3000);
  chmodSync(from, 0o2751);
  utimesSync(from, 4000, 4000);
  const done = await copy();
  expect(readdirSync(to, { recursive: true }).toSorted()).toEqual(readdirSync(from, { recursive: true }).toSorted());
  for (const path of ['', 'sub', 'sub/deeper', 'sub/file', 'empty', 'link', 'fifo', 'socket']) {
    expect([path, facts(join(to, path))]).toEqual([path, facts(join(from, path))]);
  }
  expect(readFileSync(join(to, 'sub/file'), 'utf8')).toBe('content');
  expect(readlinkSync(join(to, 'link'))).toBe('/nowhere/at all');
  expect(done).toMatchObject({ files: 7, bytes: 7 });
});

(isRoot ? test : test.skip)('owners come along, those of symlinks and sockets too', async () => {
  writeFileSync(join(from, 'file'), '');
  chmodSync(join(from, 'file'), 0o4755);
  symlinkSync('x', join(from, 'link'));
  withFolder(from, (fd) => {
    makeNodeAt(fd, 'socket', S_IFSOCK | 0o600, 0);
    for (const name of ['file', 'link', 'socket', '.']) chownAt(fd, name, 1234, 4321);
  });
  chmodSync(join(from, 'file'), 0o4755);
  await copy();
  for (const path of ['', 'file', 'link', 'socket']) expect(lstatSync(join(to, path))).toMatchObject({ uid: 1234, gid: 4321 });
  expect(statSync(join(to, 'file')).mode & 0o7777).toBe(0o4755);
});

test('names that are no text, and extended attributes, byte by byte', async () => {
  const name = Buffer.from([0x66, 0xff, 0xfe, 0x0a]);
  writeFileSync(Buffer.concat([Buffer.from(`${from}/`), name]), 'x');
  writeFileSync(join(from, 'marked'), '');
  const fd = openSync(join(from, 'marked'), 'r');
  setXattrFd(fd, 'user.binary', Buffer.from([0, 1, 0xff]));
  setXattrFd(fd, 'user.empty', Buffer.alloc(0));
  closeSync(fd);
  await copy();
  expect(readdirSync(to, { encoding: 'buffer' }).some((entry) => entry.equals(name))).toBe(true);
  expect(getXattr(join(to, 'marked'), 'user.binary')).toEqual(Buffer.from([0, 1, 0xff]));
  expect(getXattr(join(to, 'marked'), 'user.empty')).toEqual(Buffer.alloc(0));
});

test('names of one file are names of one file again, and of no file of the original', async () => {
  mkdirSync(join(from, 'a'));
  mkdirSync(join(from, 'z'));
  writeFileSync(join(from, 'a/first'), 'shared');
  linkSync(join(from, 'a/first'), join(from, 'z/second'));
  symlinkSync('x', join(from, 'link'));
  linkSync(join(from, 'link'), join(from, 'z/link'));
  await copy();
  expect(statSync(join(to, 'z/second')).ino).toBe(statSync(join(to, 'a/first')).ino);
  expect(lstatSync(join(to, 'z/link')).ino).toBe(lstatSync(join(to, 'link')).ino);
  expect(statSync(join(to, 'a/first')).nlink).toBe(2);
  expect(statSync(join(from, 'a/first')).nlink).toBe(2);
});

test('holes stay holes', async () => {
  const fd = openSync(join(from, 'sparse'), 'w');
  writeSync(fd, 'begin', 0);
  writeSync(fd, 'middle', 8 * 1024 * 1024);
  closeSync(fd);
  truncateSync(join(from, 'sparse'), 32 * 1024 * 1024);
  const all = openSync(join(from, 'only-hole'), 'w');
  closeSync(all);
  truncateSync(join(from, 'only-hole'), 5_000_000);
  await copy({ reflink: 'never' });
  expect(statSync(join(to, 'sparse'))).toMatchObject({ size: 32 * 1024 * 1024, blocks: statSync(join(from, 'sparse')).blocks });
  expect(readFileSync(join(to, 'sparse')).equals(readFileSync(join(from, 'sparse')))).toBe(true);
  expect(statSync(join(to, 'only-hole'))).toMatchObject({ size: 5_000_000, blocks: 0 });
});

test.each(['auto', 'never'] as const)('large contents are the same, and a copy of their own (reflink %s)', async (reflink) => {
  const content = Buffer.alloc(5_000_001, 'of many pieces, ');
  writeFileSync(join(from, 'large'), content);
  const done = await copy({ reflink });
  expect(readFileSync(join(to, 'large')).equals(content)).toBe(true);
  expect(done.bytes).toBe(content.length);
  writeFileSync(join(to, 'large'), 'changed');
  expect(readFileSync(join(from, 'large')).equals(content)).toBe(true);
});

test('of a layer, what overlay marks is left out; of other trees nothing is', async () => {
  mkdirSync(join(from, 'opaque'));
  const fd = openSync(join(from, 'opaque'), 'r');
  setXattrFd(fd, 'user.overlay.opaque', Buffer.from('y'));
  closeSync(fd);
  await copy();
  expect(getXattr(join(to, 'opaque'), 'user.overlay.opaque')).toEqual(Buffer.from('y'));
  rmSync(join(to, 'opaque'), { recursive: true });
  await copy({ isLayer: true });
  expect(getXattr(join(to, 'opaque'), 'user.overlay.opaque')).toBeUndefined();
});

test('it gives way to other work while it copies, tells how far it is, and stops when told to', async () => {
  for (let i = 0; i < 1000; i++) writeFileSync(join(from, `file-${i}`), 'x');
  const seen: number[] = [];
  const controller = new AbortController();
  const ticks: number[] = [];
  const timer = setInterval(() => ticks.push(seen.at(-1) ?? 0), 1);
  const done = await copy({ onProgress: ({ files }) => seen.push(files) });
  clearInterval(timer);
  expect(done.files).toBe(1000);
  expect(seen.at(-1)).toBe(1000);
  expect(ticks.length).toBeGreaterThan(0);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  rmSync(to, { recursive: true });
  mkdirSync(to);
  const reason = new Error('enough');
  await expect(copy({ signal: controller.signal, onProgress: () => controller.abort(reason) })).rejects.toBe(reason);
  expect(readdirSync(to).length).toBeLessThan(1000);
}, 60_000);

test('a name that is taken is told with its path, and nothing is written through it', async () => {
  mkdirSync(join(from, 'sub'));
  writeFileSync(join(from, 'sub/file'), 'mine');
  mkdirSync(join(to, 'sub'));
  symlinkSync('../../victim', join(to, 'sub/file'));
  await expect(copy()).rejects.toMatchObject({ name: 'TreeCopyError', path: 'sub/file', code: 'EEXIST' });
  expect(existsSync(join(base, 'victim'))).toBe(false);
});

test('a folder that turned into a symlink leads nowhere', async () => {
  mkdirSync(join(from, 'sub'));
  writeFileSync(join(from, 'sub/file'), 'mine');
  mkdirSync(join(base, 'victim'));
  symlinkSync('../victim', join(to, 'sub'));
  await expect(copy()).rejects.toMatchObject({ path: 'sub', code: 'ENOTDIR' });
  expect(readdirSync(join(base, 'victim'))).toEqual([]);
});

function facts(path: string) {
  const { mode, uid, gid, mtimeMs, size } = lstatSync(path);
  return { mode, uid, gid, mtimeMs, ...(lstatSync(path).isDirectory() ? {} : { size }) };
}

function withFolder(path: string, use: (fd: number) => void): void {
  const fd = openSync(path, 'r');
  expect(fstatSync(fd).isDirectory()).toBe(true);
  use(fd);
  closeSync(fd);
}
