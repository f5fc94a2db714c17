import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { layerDir, layerFs, tmpDir } from '../../../src/storage/layout.ts';
import type { LayerRecord } from '../../../src/storage/records.ts';
import { sumTree } from '../../../src/storage/tree-sum.ts';
import { getXattr } from '../../../src/sys/xattr.ts';
import { type FixtureEntry, file, folder, hardLink, symlink, tar, testStore, unpack } from './tar-fixture.ts';

const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? it : it.skip;
const asUser = isRoot ? it.skip : it;

let store: ReturnType<typeof testStore>;
beforeEach(() => {
  store = testStore();
});
afterEach(() => store.remove());

const made = (
  entries: FixtureEntry[],
  options: Parameters<typeof unpack>[2] = {},
): { record: LayerRecord; at: (path: string) => string; fs: string } => {
  const record = unpack(store.ctx, tar(entries), options);
  const fs = layerFs(store.ctx, record.diffId);
  expect(sumTree(fs)).toBe(record.tree);
  return { record, fs, at: (path) => join(fs, path) };
};
const permissions = (path: string): number => lstatSync(path).mode & 0o7777;
const isWhiteout = (path: string): boolean => lstatSync(path).isCharacterDevice() && lstatSync(path).rdev === 0;
const opaque = (path: string): string | undefined => getXattr(path, 'user.overlay.opaque')?.toString();

it.each([
  ['uncompressed', (data: Buffer) => data],
  ['gzip', (data: Buffer) => gzipSync(data)],
  ['gzip in two members', (data: Buffer) => Buffer.concat([gzipSync(data.subarray(0, 700)), gzipSync(data.subarray(700))])],
  ['zstd', (data: Buffer) => zstdCompressSync(data)],
  ['zstd in two frames', (data: Buffer) => Buffer.concat([zstdCompressSync(data.subarray(0, 700)), zstdCompressSync(data.subarray(700))])],
  [
    'zstd behind a skippable frame',
    (data: Buffer) => Buffer.concat([Buffer.from('502a4d180200000001 02'.replace(' ', ''), 'hex'), zstdCompressSync(data)]),
  ],
])('unpacks %s layers whatever the media type says', (_name, compress) => {
  const archive = tar([folder('etc'), file('etc/hosts', '127.0.0.1 localhost\n')]);
  const record = unpack(store.ctx, archive, { compressed: compress(archive) });
  expect(readFileSync(join(layerFs(store.ctx, record.diffId), 'etc/hosts'), 'utf8')).toBe('127.0.0.1 localhost\n');
  expect(record).toEqual({
    version: 1,
    diffId: record.diffId,
    sizeBytes: 20,
    entries: 2,
    skippedDevices: 0,
    tree: sumTree(layerFs(store.ctx, record.diffId)),
    bootId: record.bootId,
  });
});

it('gives the same files however the bytes are cut into chunks', () => {
  const archive = tar([
    folder('a'),
    file('a/b', 'x'.repeat(1500)),
    { name: 'a/c', body: 'y', pax: { mtime: '12.5' } },
    symlink('a/d', 'b'),
  ]);
  const whole = unpack(store.ctx, archive);
  for (const chunkBytes of [1, 7, 511, 512, 513, 1000]) {
    const other = testStore();
    expect(unpack(other.ctx, archive, { chunkBytes }).tree).toBe(whole.tree);
    other.remove();
  }
});

it('keeps modes, whatever the umask', () => {
  const before = process.umask(0o077);
  const { at } = made([
    folder('d', { mode: 0o1777 }),
    file('d/f', 'x', { mode: 0o4755 }),
    file('none', '', { mode: 0 }),
    folder('locked', { mode: 0o500 }),
    file('locked/f', 'x'),
  ]);
  expect(process.umask(before)).toBe(0o077);
  expect([permissions(at('d')), permissions(at('d/f')), permissions(at('none')), permissions(at('locked'))]).toEqual([
    0o1777, 0o4755, 0, 0o500,
  ]);
});

it('keeps times of files, folders and symlinks: old, negative and with nanoseconds', () => {
  const { at } = made([
    folder('d', { mtime: 1_000_000_000 }),
    file('d/f', 'x', { mtime: 1_500_000_000 }),
    symlink('d/l', 'f', { mtime: 1_600_000_000 }),
    file('before', '', { mtime: -86_400 }),
    file('fine', '', { pax: { mtime: '1234567890.123456789' } }),
    file('quarter', '', { pax: { mtime: '-1.25' } }),
  ]);
  const ns = (path: string) => lstatSync(at(path), { bigint: true }).mtimeNs;
  expect(['d', 'd/f', 'd/l', 'before', 'fine', 'quarter'].map(ns)).toEqual([
    1_000_000_000_000_000_000n,
    1_500_000_000_000_000_000n,
    1_600_000_000_000_000_000n,
    -86_400_000_000_000n,
    1_234_567_890_123_456_789n,
    -1_250_000_000n,
  ]);
});

it('makes hard links, and links to symlinks themselves', () => {
  const { at, record } = made([
    file('a', 'shared'),
    folder('d'),
    hardLink('d/b', 'a'),
    hardLink('d/c', '/a'),
    symlink('s', 'a'),
    hardLink('s2', 's'),
  ]);
  expect(new Set(['a', 'd/b', 'd/c'].map((path) => lstatSync(at(path)).ino)).size).toBe(1);
  expect(readlinkSync(at('s2'))).toBe('a');
  expect(record.sizeBytes).toBe(6);
});

it('makes symlinks with any target, and never follows them', () => {
  const { at } = made([symlink('out', '/etc/passwd'), symlink('up', '../../..'), symlink('dangling', 'nowhere')]);
  expect([readlinkSync(at('out')), readlinkSync(at('up')), readlinkSync(at('dangling'))]).toEqual(['/etc/passwd', '../../..', 'nowhere']);
});

it('makes fifos', () => {
  const { at } = made([{ name: 'pipe', type: '6', mode: 0o620 }]);
  expect([lstatSync(at('pipe')).isFIFO(), permissions(at('pipe'))]).toEqual([true, 0o620]);
});

it('reads GNU long names and links, PAX paths, ustar prefixes, and names beyond UTF-8, byte for byte', () => {
  const long = `${'deep/'.repeat(30)}${'n'.repeat(120)}`;
  const { fs } = made([
    { name: '././@LongLink', type: 'L', body: `${long}\0` },
    file('cut', 'gnu'),
    { name: '././@LongLink', type: 'K', body: `${'t'.repeat(300)}\0` },
    symlink('link', 'cut'),
    file('cut', 'pax', { pax: { path: 'caf\u00e9/\u2603' } }),
    file('latin\xe9/b\xffd', 'latin1'),
  ]);
  expect(readFileSync(join(fs, long), 'utf8')).toBe('gnu');
  expect(readlinkSync(join(fs, 'link'))).toBe('t'.repeat(300));
  expect(readFileSync(join(fs, 'caf\u00e9/\u2603'), 'utf8')).toBe('pax');
  expect(readdirSync(Buffer.from(`${fs}/latin\xe9`, 'latin1'), { encoding: 'latin1' })).toEqual(['b\xffd']);
});

it('reads names as Docker does: a leading slash or dot means nothing, and `a/../b` is `b`', () => {
  const { fs } = made([folder('./'), file('/etc/absolute', ''), file('./dotted', ''), file('a/../b', ''), folder('slash//twice/')]);
  expect(readdirSync(fs).sort()).toEqual(['b', 'dotted', 'etc', 'slash']);
  expect(readdirSync(join(fs, 'etc'))).toEqual(['absolute']);
  expect(readdirSync(join(fs, 'slash'))).toEqual(['twice']);
});

it('gives the root folder the metadata of its entry, and parents without an entry fixed ones', () => {
  const { fs, at } = made([folder('./', { mode: 0o700, mtime: 77 }), file('a/b/c', '')]);
  expect([permissions(fs), lstatSync(fs).mtimeMs]).toEqual([0o700, 77_000]);
  expect([permissions(at('a/b')), lstatSync(at('a/b')).mtimeMs]).toEqual([0o755, 0]);
});

it('turns whiteouts into what overlay file systems read', () => {
  const { at, record } = made([
    folder('d'),
    file('d/.wh.gone', ''),
    file('.wh.top', ''),
    folder('fresh'),
    file('fresh/.wh..wh..opq', ''),
    file('.wh..wh.plnk', ''),
  ]);
  expect([isWhiteout(at('d/gone')), isWhiteout(at('top'))]).toEqual([true, true]);
  expect([opaque(at('fresh')), opaque(at('d'))]).toEqual(['y', undefined]);
  expect(readdirSync(at('.')).sort()).toEqual(['d', 'fresh', 'top']);
  expect(record.entries).toBe(4);
});

it('keeps what the layer itself puts where it also has a whiteout, and hides only what is below', () => {
  const { at } = made([
    folder('dir'),
    file('dir/new', 'n'),
    file('.wh.dir', ''),
    file('.wh.later', ''),
    folder('later'),
    file('later/f', ''),
    file('.wh.implied', ''),
    file('implied/f', ''),
    file('.wh.file', ''),
    file('file', 'kept'),
    file('other', 'kept'),
    file('.wh.other', ''),
  ]);
  expect([opaque(at('dir')), opaque(at('later')), opaque(at('implied'))]).toEqual(['y', 'y', 'y']);
  expect([readFileSync(at('dir/new'), 'utf8'), readFileSync(at('file'), 'utf8'), readFileSync(at('other'), 'utf8')]).toEqual([
    'n',
    'kept',
    'kept',
  ]);
});

it('lets a later entry replace an earlier one of another kind', () => {
  const { at, record } = made([
    file('a', 'first'),
    file('a', 'second'),
    folder('d', { mode: 0o700 }),
    file('d/old', 'gone'),
    file('d', 'now a file'),
    symlink('s', 'a'),
    folder('s'),
    file('s/in', 'x'),
    folder('twice', { mode: 0o700 }),
    file('twice/kept', ''),
    folder('twice', { mode: 0o711 }),
    file('w', 'x'),
    hardLink('w2', 'w'),
    file('w', 'yy'),
  ]);
  expect([readFileSync(at('a'), 'utf8'), readFileSync(at('d'), 'utf8'), readFileSync(at('w'), 'utf8')]).toEqual([
    'second',
    'now a file',
    'yy',
  ]);
  expect([lstatSync(at('s')).isDirectory(), permissions(at('twice')), readdirSync(at('twice'))]).toEqual([true, 0o711, ['kept']]);
  expect(record.entries).toBe(8);
});

it('goes through a symlink to a folder of the same layer', () => {
  const { at } = made([
    folder('usr/lib'),
    symlink('lib', 'usr/lib'),
    symlink('abs', '/usr'),
    file('lib/a', 'a'),
    file('abs/lib/b', 'b'),
    hardLink('c', 'lib/a'),
  ]);
  expect(readdirSync(at('usr/lib')).sort()).toEqual(['a', 'b']);
  expect(readlinkSync(at('lib'))).toBe('usr/lib');
});

it('keeps user xattrs with binary values, but none that an overlay driver would obey', () => {
  const value = Buffer.from([0x0a, 0x00, 0xff, 0x3d, 0x20]);
  const { at } = made([
    file('f', 'x', {
      pax: { 'SCHILY.xattr.user.note': value, 'SCHILY.xattr.user.overlay.redirect': '/etc', 'SCHILY.xattr.trusted.overlay.opaque': 'y' },
    }),
    folder('d', { pax: { 'SCHILY.xattr.user.empty': '', 'SCHILY.xattr.user.fuseoverlayfs.opaque': 'y' } }),
  ]);
  expect(getXattr(at('f'), 'user.note')).toEqual(value);
  expect(getXattr(at('d'), 'user.empty')).toEqual(Buffer.alloc(0));
  expect([getXattr(at('f'), 'user.overlay.redirect'), getXattr(at('d'), 'user.fuseoverlayfs.opaque')]).toEqual([undefined, undefined]);
});

it('writes two layers of equal content to equal sums and different ones to different sums', () => {
  const sums = [
    file('a', '1'),
    file('a', '2'),
    file('a', '1', { mode: 0o600 }),
    file('a', '1', { mtime: 5 }),
    file('b', '1'),
    symlink('a', '1'),
    folder('a'),
  ].map((entry) => unpack(store.ctx, tar([entry])).tree);
  expect(new Set(sums).size).toBe(7);
  const other = testStore();
  expect(unpack(other.ctx, tar([file('a', '1')])).tree).toBe(sums[0]);
  other.remove();
});

it('leaves one layer and nothing in tmp/ when two unpackers make the same layer', () => {
  const archive = tar([file('a', '1')]);
  unpack(store.ctx, archive);
  unpack(store.ctx, archive);
  expect(readdirSync(join(tmpDir(store.ctx), '..', 'layers'))).toHaveLength(1);
  expect(readdirSync(tmpDir(store.ctx))).toEqual(['claims']);
  expect(readdirSync(join(tmpDir(store.ctx), 'claims'))).toEqual([]);
});

it('takes an empty archive', () => {
  expect(made([]).record).toMatchObject({ sizeBytes: 0, entries: 0 });
});

asRoot('keeps owners, setuid bits after the owner, file capabilities and devices', () => {
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
  const notices: string[] = [];
  const { at, record } = made(
    [
      folder('home', { uid: 1000, gid: 1000 }),
      file('home/su', 'x', { uid: 33, gid: 44, mode: 0o6755 }),
      file('ping', 'x', { uid: 5, pax: { 'SCHILY.xattr.security.capability': capability } }),
      symlink('l', 'x', { uid: 7, gid: 8 }),
      file('big', '', { pax: { uid: '100000000' } }),
      { name: 'null', type: '3', device: [1, 3], mode: 0o666 },
      { name: 'zero', type: '3', device: [0, 0] },
    ],
    { onNotice: (message) => notices.push(message) },
  );
  const owner = (path: string) => [lstatSync(at(path)).uid, lstatSync(at(path)).gid];
  expect([owner('home'), owner('home/su'), owner('l')]).toEqual([
    [1000, 1000],
    [33, 44],
    [7, 8],
  ]);
  expect(owner('big')[0]).toBe(100_000_000);
  expect(permissions(at('home/su'))).toBe(0o6755);
  expect(getXattr(at('ping'), 'security.capability')).toEqual(capability);
  expect([lstatSync(at('null')).rdev, record.skippedDevices]).toEqual([0x103, 1]);
  expect(notices).toEqual(['Left out device nodes such as "zero": only root may make them']);
});

asUser('keeps true owners beside the layer when they cannot be set, and drops setuid bits of others', () => {
  const { at, record } = made([file('mine', '', { mode: 0o4755 }), file('theirs', '', { uid: 33, gid: 44, mode: 0o6755 })]);
  expect([permissions(at('mine')), permissions(at('theirs'))]).toEqual([0o4755, 0o755]);
  expect(readFileSync(join(layerDir(store.ctx, record.diffId), 'owners.ndjson'), 'utf8')).toBe(`["${btoa('theirs')}",33,44,${0o6755}]\n`);
});

it('keeps long runs of zeros as holes, wherever they lie', () => {
  const piece = 64 << 10;
  const body = Buffer.alloc(40 * piece + 100);
  for (const at of [0, 3 * piece + 7, 20 * piece - 1]) body[at] = 1;
  const { at } = made([file('mixed', body), file('empty', Buffer.alloc(30 * piece)), file('after', 'x')], { chunkBytes: 777_777 });
  expect(readFileSync(at('mixed')).equals(body)).toBe(true);
  expect(readFileSync(at('empty')).equals(Buffer.alloc(30 * piece))).toBe(true);
  expect(readFileSync(at('after'), 'utf8')).toBe('x');
  expect(lstatSync(at('empty')).blocks * 512).toBeLessThan(15 * piece);
});
