// One number for a whole tree of files, so that `system check` can tell whether an unpacked layer still is what was unpacked.
// It is the sum (mod 2^64) of the xxHash64 of each entry, not the hash of a sorted list: entries are added while they are written, in
// any order, one that is replaced is taken out again, and nothing is kept. It finds damage, not an attacker, who could rewrite it.
// Contents count by their CRC-32, which costs a tenth of what a cryptographic hash would.
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { crc32 } from 'node:zlib';
import { getXattr, listXattrs } from '../sys/xattr.ts';

export interface TreeEntry {
  /** Byte string, relative, '' for the root. */
  path: string;
  /** File, folder, symlink, fifo, whiteout (char device 0/0), char device, block device. */
  type: 'f' | 'd' | 'l' | 'p' | 'w' | 'c' | 'b';
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtimeSeconds: number;
  /** Of a regular file's content. */
  crc: number;
  /** Symlink target, byte string. */
  link: string;
  xattrs: Map<string, Buffer> | undefined;
}

export interface TreeSum {
  add(entry: TreeEntry): void;
  remove(entry: TreeEntry): void;
  text(): string;
}

export const OPAQUE_XATTR = 'user.overlay.opaque';

export function createTreeSum(): TreeSum {
  let sum = 0n;
  return {
    add(entry) {
      sum = BigInt.asUintN(64, sum + hashEntry(entry));
    },
    remove(entry) {
      sum = BigInt.asUintN(64, sum - hashEntry(entry));
    },
    text: () => `xxh64:${sum.toString(16).padStart(16, '0')}`,
  };
}

/** The sum of what is on the disk below `root`, contents read. Throws the file system's error for what cannot be read. */
export function sumTree(root: string): string {
  const sum = createTreeSum();
  walkTree(root, '', (entry) => sum.add(entry));
  return sum.text();
}

/** Visits `path` (relative to `root`, a byte string) and everything below it. */
export function walkTree(root: string, path: string, visit: (entry: TreeEntry, stats: Stats) => void): void {
  const { entry, stats } = entryOnDisk(root, path);
  visit(entry, stats);
  if (entry.type !== 'd') return;
  for (const name of readdirSync(bytesOf(root, path), { encoding: 'latin1' }))
    walkTree(root, path === '' ? name : `${path}/${name}`, visit);
}

/** What is on the disk at `path`, as an entry; `crcOfInode` spares reading contents that are known. */
export function entryOnDisk(root: string, path: string, crcOfInode?: ReadonlyMap<number, number>): { entry: TreeEntry; stats: Stats } {
  const full = bytesOf(root, path);
  const stats = lstatSync(full);
  const type = typeOf(stats);
  const entry: TreeEntry = {
    path,
    type,
    mode: stats.mode & 0o7777,
    uid: insideId(stats.uid, process.geteuid?.()),
    gid: insideId(stats.gid, process.getegid?.()),
    size: stats.size,
    mtimeSeconds: Math.floor(stats.mtimeMs / 1000),
    crc: type === 'f' ? (crcOfInode?.get(stats.ino) ?? crcOfFile(full, stats.size)) : 0,
    link: type === 'l' ? readlinkSync(full, { encoding: 'latin1' }) : '',
    xattrs: type === 'f' || type === 'd' ? xattrsOf(full) : undefined,
  };
  return { entry, stats };
}

/** Whether an xattr is part of what a layer is: what the system adds of itself (SELinux labels) is not. */
const isLayerXattr = (name: string): boolean => name.startsWith('user.') || name === 'security.capability';

// Seen from outside a user namespace, a plain user's own files are root's inside.
const insideId = (id: number, own: number | undefined): number => (id === own ? 0 : id);

function hashEntry(entry: TreeEntry): bigint {
  return BigInt(Bun.hash.xxHash64(lineOf(entry)));
}

// A whiteout is its path alone: modes and owners of device nodes differ by who makes them.
function lineOf(entry: TreeEntry): string {
  const { path, type } = entry;
  if (type === 'w') return `w\0${path}`;
  const owner = `${entry.uid}:${entry.gid}\0${timeOf(entry.mtimeSeconds)}`;
  if (type === 'l') return `l\0${path}\0${owner}\0${entry.link}`;
  const line = `${type}\0${path}\0${entry.mode}\0${owner}`;
  const content = type === 'f' ? `${line}\0${entry.size}\0${entry.crc}` : line;
  return entry.xattrs ? content + xattrLines(entry.xattrs) : content;
}

// File systems clamp what they cannot hold; beyond 2038 or before 1901 they differ.
function timeOf(seconds: number): string {
  return seconds >= 0x7fffffff || seconds <= -0x80000000 ? 'far' : String(seconds);
}

// The kernel gives file capabilities in the caller's terms (v2 or v3 by user namespace), so only their presence counts.
function xattrLines(xattrs: Map<string, Buffer>): string {
  return [...xattrs]
    .filter(([name]) => isLayerXattr(name))
    .map(([name, value]) => `\0${name}=${name.startsWith('user.') ? value.toString('hex') : ''}`)
    .sort()
    .join('');
}

function xattrsOf(path: Buffer): Map<string, Buffer> | undefined {
  const names = listXattrs(path).filter(isLayerXattr);
  if (names.length === 0) return undefined;
  return new Map(names.map((name) => [name, getXattr(path, name) ?? Buffer.alloc(0)]));
}

function crcOfFile(path: Buffer, size: number): number {
  if (size === 0) return 0;
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(Math.min(size, 1 << 20));
    let crc = 0;
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) crc = crc32(buffer.subarray(0, count), crc);
    return crc;
  } finally {
    closeSync(fd);
  }
}

function typeOf(stats: Stats): TreeEntry['type'] {
  if (stats.isFile()) return 'f';
  if (stats.isDirectory()) return 'd';
  if (stats.isSymbolicLink()) return 'l';
  if (stats.isFIFO()) return 'p';
  if (stats.isBlockDevice()) return 'b';
  return stats.rdev === 0 ? 'w' : 'c';
}

function bytesOf(root: string, path: string): Buffer {
  const tail = Buffer.from(path, 'latin1');
  return path === '' ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}/`), tail]);
}
