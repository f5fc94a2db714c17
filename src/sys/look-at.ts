// Looks at places in a tree that others may change meanwhile, without opening what is there: by O_PATH descriptors. Names are byte strings
// (see at.ts).
import { dlopen } from 'bun:ffi';
import { closeSync, constants } from 'node:fs';
import { openPlaceAt } from './at.ts';
import { c, check, cstr, ptr } from './ffi.ts';
import { type NodeStat, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, statAt } from './read-at.ts';

const { symbols: f } = dlopen('libc.so.6', {
  fstatfs: { args: ['i32', 'ptr'], returns: 'i32' },
});

export type FileKind = 'file' | 'folder' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block';

const KINDS = new Map<number, FileKind>([
  [S_IFREG, 'file'],
  [S_IFDIR, 'folder'],
  [S_IFLNK, 'symlink'],
  [S_IFIFO, 'fifo'],
  [S_IFCHR, 'char'],
  [S_IFBLK, 'block'],
]);

const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const ST_RDONLY = 1;
const STATFS_BYTES = 120;
const EMPTY = cstr('');

export function kindOf({ mode }: Pick<NodeStat, 'mode'>): FileKind {
  return KINDS.get(mode & S_IFMT) ?? 'socket';
}

/** What is open as `fd` (O_PATH will do). */
export function statFd(fd: number): NodeStat {
  const found = statAt(fd, '');
  if (!found) throw new Error('An open file is not there');
  return found;
}

/** A place by its path, symlinks and /proc's magic links followed. For paths that are ours. */
export function openPlace(path: string): number {
  return check(c.openat(AT_FDCWD, ptr(cstr(path)), O_PATH | O_CLOEXEC, 0), 'open', path);
}

/** Opens the folder `fd` stands for (an O_PATH descriptor) for reading. */
export function reopenFolder(fd: number): number {
  return check(c.openat(fd, ptr(cstr('.')), constants.O_DIRECTORY | O_CLOEXEC, 0), 'openat', '.');
}

/**
 * Gives away the symlink, fifo, socket or device `base`. Whoever may write in the folder could have put a link to another file in its place since it was
 * made: anything else, and any file of several links, is left alone.
 */
export function chownPlaceAt(folder: number, base: string, uid: number, gid: number): void {
  const fd = openPlaceAt(folder, base);
  try {
    const stat = statFd(fd);
    if (['file', 'folder'].includes(kindOf(stat)) || stat.links > 1) return;
    check(c.fchownat(fd, ptr(EMPTY), uid, gid, AT_EMPTY_PATH), 'fchownat', base);
  } finally {
    closeSync(fd);
  }
}

/** The kind (statfs(2)'s magic number) of the file system behind `fd`, and what its mount is (`f_flags`, as statvfs(3) has them). */
export function fileSystemOf(fd: number): { type: number; flags: number; isReadOnly: boolean } {
  const answer = Buffer.from(new ArrayBuffer(STATFS_BYTES));
  check(f.fstatfs(fd, ptr(answer)), 'fstatfs');
  const flags = answer.readUInt32LE(80);
  return { type: answer.readUInt32LE(0), flags, isReadOnly: (flags & ST_RDONLY) !== 0 };
}
