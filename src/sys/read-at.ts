// Reading a tree of files relative to open folders, for paths that are bytes (see at.ts). No call follows a symlink in the last
// component, so a walk that goes down one name at a time cannot be led out of a tree that a running container changes meanwhile.
// statx(2) and getdents64(2) because their layouts are the same everywhere, and times come in whole nanoseconds.
import { dlopen, ptr } from 'bun:ffi';
import { constants } from 'node:fs';
import { c, check, errno, SystemError } from './ffi.ts';

// Lengths are asked for below 2 GiB, so 32 bits hold every answer.
const { symbols: f } = dlopen('libc.so.6', {
  close: { args: ['i32'], returns: 'i32' },
  fgetxattr: { args: ['i32', 'ptr', 'ptr', 'u64'], returns: 'i32' },
  flistxattr: { args: ['i32', 'ptr', 'u64'], returns: 'i32' },
  read: { args: ['i32', 'ptr', 'u64'], returns: 'i32' },
  syscall: { args: ['i32', 'i32', 'ptr', 'u64'], returns: 'i32' },
  statx: { args: ['i32', 'ptr', 'i32', 'u32', 'ptr'], returns: 'i32' },
});

/** What statx(2) tells of one name. */
export interface NodeStat {
  /** With its type bits, as in `st_mode`. */
  mode: number;
  uid: number;
  gid: number;
  size: number;
  /** What it takes on the disk, in units of 512 bytes. */
  blocks: number;
  links: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  /** When anything of it changed last: what nobody can set back. */
  ctimeSeconds: number;
  ctimeNanoseconds: number;
  /** Of a device node. */
  major: number;
  minor: number;
  /** Number of the file on its file system. */
  inode: number;
  /** Names the file for as long as it exists, among all file systems. */
  identity: string;
  /** Number of the file system it lies on. */
  device: number;
  /** Of the mount it was reached by; 0 before Linux 5.8. */
  mount: number;
}

export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFCHR = 0o020000;
export const S_IFBLK = 0o060000;
export const S_IFIFO = 0o010000;

const PATH_MAX = 4096;
// Some of their numbers differ between architectures.
const { O_DIRECTORY, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK } = constants;
const O_CLOEXEC = 0o2000000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS_AND_MOUNT = 0x17ff;
const SYS_GETDENTS64 = process.arch === 'x64' ? 217 : 61;
const ENOENT = 2;
const ENODATA = 61;
const ERANGE = 34;
const EOPNOTSUPP = 95;
const LARGEST_XATTR = 65_536;

// Over ArrayBuffers of their own, so that the pointers stay true (see at.ts).
const name = Buffer.from(new ArrayBuffer(PATH_MAX + 1));
const stat = Buffer.from(new ArrayBuffer(256));
const entries = Buffer.from(new ArrayBuffer(65_536));
const value = Buffer.from(new ArrayBuffer(LARGEST_XATTR));
const [namePtr, statPtr, entriesPtr, valuePtr] = [ptr(name), ptr(stat), ptr(entries), ptr(value)];
const fields = new DataView(stat.buffer);

/** Undefined when nothing has that name; '' is the open file itself. */
export function statAt(folder: number, path: string): NodeStat | undefined {
  fill(path);
  const flags = AT_SYMLINK_NOFOLLOW | (path === '' ? AT_EMPTY_PATH : 0);
  if (f.statx(folder, namePtr, flags, STATX_BASIC_STATS_AND_MOUNT, statPtr) !== 0) {
    if (errno() === ENOENT) return undefined;
    check(-1, 'statx', path);
  }
  const word = (at: number): number => fields.getUint32(at, true);
  return {
    links: word(16),
    uid: word(20),
    gid: word(24),
    mode: fields.getUint16(28, true),
    size: word(40) + word(44) * 2 ** 32,
    blocks: word(48) + word(52) * 2 ** 32,
    mtimeSeconds: word(112) + fields.getInt32(116, true) * 2 ** 32,
    mtimeNanoseconds: word(120),
    ctimeSeconds: word(96) + fields.getInt32(100, true) * 2 ** 32,
    ctimeNanoseconds: word(104),
    major: word(128),
    minor: word(132),
    device: word(136) * 2 ** 20 + word(140),
    mount: word(144) + word(148) * 2 ** 32,
    inode: word(32) + word(36) * 2 ** 32,
    identity: `${word(136)}:${word(140)}:${word(36)}:${word(32)}`,
  };
}

/** The names in a folder, sorted by their bytes, without `.` and `..`; `path` '' is the open folder itself. */
export function namesAt(folder: number, path: string): string[] {
  fill(path === '' ? '.' : path);
  const fd = check(c.openat(folder, namePtr, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), 'openat', path);
  const names: string[] = [];
  try {
    for (;;) {
      const length = check(f.syscall(SYS_GETDENTS64, fd, entriesPtr, entries.length), 'getdents64', path);
      if (length === 0) return names.sort();
      takeNames(names, length);
    }
  } finally {
    f.close(fd);
  }
}

// struct linux_dirent64: inode and offset (8 bytes each), length (2), type (1), name up to a NUL.
function takeNames(names: string[], length: number): void {
  for (let at = 0; at < length; at += entries.readUInt16LE(at + 16)) {
    const found = entries.toString('latin1', at + 19, entries.indexOf(0, at + 19));
    if (found !== '.' && found !== '..') names.push(found);
  }
}

/** Opens a regular file or a folder to read it; never waits, as a fifo of that name would make us. */
export function openToReadAt(folder: number, path: string): number {
  fill(path === '' ? '.' : path);
  return check(c.openat(folder, namePtr, O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0), 'openat', path);
}

/** Reads at most `length` bytes to `data[offset…]`, whose memory must not move; 0 at the end. */
export function readInto(fd: number, data: Uint8Array, offset: number, length: number): number {
  return check(f.read(fd, ptr(data, offset), length), 'read');
}

/** The names of all attributes of an open file that the caller may see. */
export function xattrNamesOf(fd: number): string[] {
  const length = f.flistxattr(fd, valuePtr, LARGEST_XATTR);
  if (length > 0) return value.toString('latin1', 0, length).split('\0').filter(Boolean);
  if (length < 0 && errno() !== EOPNOTSUPP) check(-1, 'flistxattr');
  return [];
}

/** The value of one attribute of an open file; undefined when it has none of that name. */
export function xattrOf(fd: number, attribute: string): Buffer | undefined {
  fill(attribute);
  const length = f.fgetxattr(fd, namePtr, valuePtr, LARGEST_XATTR);
  if (length >= 0) return Buffer.from(value.subarray(0, length));
  if (![ENODATA, EOPNOTSUPP, ERANGE].includes(errno())) check(-1, 'fgetxattr', attribute);
  return undefined;
}

function fill(path: string): void {
  if (path.length > PATH_MAX) throw new SystemError('path', 36, path);
  name[name.write(path, 0, 'latin1')] = 0;
}
