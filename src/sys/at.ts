// The calls that make a tree of files, relative to open folders (openat(2) and its family), for paths that are bytes: names are
// "byte strings" (one char per byte, latin1), because a file name in a layer need not be UTF-8. Built for tens of thousands of
// calls in a row: names go through two fixed buffers and nothing is allocated but the errors.
import { dlopen, ptr } from 'bun:ffi';
import { constants } from 'node:fs';
import { c, check, SystemError } from './ffi.ts';

const { symbols: f } = dlopen('libc.so.6', {
  close: { args: ['i32'], returns: 'i32' },
  fchmod: { args: ['i32', 'u32'], returns: 'i32' },
  fchown: { args: ['i32', 'u32', 'u32'], returns: 'i32' },
  fremovexattr: { args: ['i32', 'ptr'], returns: 'i32' },
  fsetxattr: { args: ['i32', 'ptr', 'ptr', 'u64', 'i32'], returns: 'i32' },
  ftruncate: { args: ['i32', 'i64'], returns: 'i32' },
  futimens: { args: ['i32', 'ptr'], returns: 'i32' },
  lseek: { args: ['i32', 'i64', 'i32'], returns: 'i64' },
  mkdirat: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  renameat: { args: ['i32', 'ptr', 'i32', 'ptr'], returns: 'i32' },
  pwrite: { args: ['i32', 'ptr', 'u64', 'i64'], returns: 'i64' },
  readlinkat: { args: ['i32', 'ptr', 'ptr', 'u64'], returns: 'i64' },
  symlinkat: { args: ['ptr', 'i32', 'ptr'], returns: 'i32' },
  unlinkat: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  write: { args: ['i32', 'ptr', 'u64'], returns: 'i64' },
});

const PATH_MAX = 4096;
// Some of their numbers differ between architectures.
const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
const O_TMPFILE = 0o20000000 | O_DIRECTORY;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_SYMLINK_FOLLOW = 0x400;
const SEEK_CUR = 1;

// Over ArrayBuffers of their own: a small Buffer's bytes may move when the runtime gives it a DataView, and the pointer would go stale.
const first = Buffer.from(new ArrayBuffer(PATH_MAX + 1));
const second = Buffer.from(new ArrayBuffer(PATH_MAX + 1));
const answer = Buffer.from(new ArrayBuffer(PATH_MAX + 1));
const times = Buffer.from(new ArrayBuffer(32));
const [firstPtr, secondPtr, answerPtr, timesPtr] = [ptr(first), ptr(second), ptr(answer), ptr(times)];

/** Creates a regular file for writing; fails with EEXIST on anything that is there, dangling symlinks too. */
export function createFileAt(folder: number, name: string, mode: number): number {
  fill(first, name);
  return check(f_openat(folder, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode), 'openat', name);
}

/** A file without a name, gone with its descriptor until `nameFileAt`; undefined where the file system cannot, or nothing can be made at all. */
export function createNamelessAt(folder: number, mode: number): number | undefined {
  fill(first, '.');
  const fd = f_openat(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
  return fd < 0 ? undefined : fd;
}

/** Gives a file of `createNamelessAt` a name in its folder; false when something has that name already. */
export function nameFileAt(fd: number, folder: number, name: string): boolean {
  fill(first, `/proc/self/fd/${fd}`);
  fill(second, name);
  return c.linkat(-1, firstPtr, folder, secondPtr, AT_SYMLINK_FOLLOW) === 0 || existsOrThrow('linkat', name);
}

/** Opens a folder; never through a symlink in the last component. */
export function openFolderAt(folder: number, name: string): number {
  fill(first, name);
  return check(f_openat(folder, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), 'openat', name);
}

/** A descriptor that only stands for a place, whatever is there; a symlink itself. It reads and writes nothing. */
export function openPlaceAt(folder: number, name: string): number {
  fill(first, name);
  return check(f_openat(folder, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0), 'openat', name);
}

/** False when something has that name already. */
export function makeFolderAt(folder: number, name: string, mode: number): boolean {
  fill(first, name);
  return f.mkdirat(folder, firstPtr, mode) === 0 || existsOrThrow('mkdirat', name);
}

export function makeSymlinkAt(folder: number, name: string, target: string): boolean {
  fill(first, target);
  fill(second, name);
  return f.symlinkat(firstPtr, folder, secondPtr) === 0 || existsOrThrow('symlinkat', name);
}

/** Hard link; a symlink as `from` is linked itself. */
export function makeLinkAt(fromFolder: number, from: string, folder: number, name: string): boolean {
  fill(first, from);
  fill(second, name);
  return c.linkat(fromFolder, firstPtr, folder, secondPtr, 0) === 0 || existsOrThrow('linkat', name);
}

/** `type` is S_IFCHR, S_IFBLK or S_IFIFO. */
export function makeNodeAt(folder: number, name: string, mode: number, device: number): boolean {
  fill(first, name);
  return c.mknodat(folder, firstPtr, mode, device) === 0 || existsOrThrow('mknodat', name);
}

export function unlinkAt(folder: number, name: string): void {
  fill(first, name);
  check(f.unlinkat(folder, firstPtr, 0), 'unlinkat', name);
}

/** Removes an empty folder. */
export function removeFolderAt(folder: number, name: string): void {
  fill(first, name);
  check(f.unlinkat(folder, firstPtr, AT_REMOVEDIR), 'unlinkat', name);
}

/** Renames `from` to `to` in one folder, in place of a file or symlink that has that name. Throws EISDIR, or EBUSY for a mount. */
export function renameAt(folder: number, from: string, to: string): void {
  fill(first, from);
  fill(second, to);
  check(f.renameat(folder, firstPtr, folder, secondPtr), 'renameat', to);
}

/** Cuts or extends an open file to `size` bytes; what is added is a hole. */
export function truncateFd(fd: number, size: number): void {
  check(f.ftruncate(fd, size), 'ftruncate');
}

/** Writes all of `data[at, at + length)` at `offset` of the file. */
export function writeAt(fd: number, data: Uint8Array, { at, length, offset }: { at: number; length: number; offset: number }): void {
  for (let done = 0; done < length; ) done += check(f.pwrite(fd, ptr(data, at + done), length - done, offset + done), 'pwrite');
}

/** With an empty name: of the symlink that `folder` stands for (`openPlaceAt`). */
export function readLinkAt(folder: number, name: string): string {
  fill(first, name);
  const length = check(f.readlinkat(folder, firstPtr, answerPtr, PATH_MAX), 'readlinkat', name);
  return answer.toString('latin1', 0, length);
}

/** Writes all of `data[offset, offset + length)`. */
export function writeTo(fd: number, data: Uint8Array, offset: number, length: number): void {
  for (let done = 0; done < length; ) {
    done += check(f.write(fd, ptr(data, offset + done), length - done), 'write');
  }
}

/** Leaves a hole of `length` bytes where the next write would go: it reads as zeros and takes no room. */
export function skipHole(fd: number, length: number): void {
  const end = check(f.lseek(fd, length, SEEK_CUR), 'lseek');
  // A file that ends with a hole is as long as it is told to be.
  check(f.ftruncate(fd, end), 'ftruncate');
}

export function closeFd(fd: number): void {
  f.close(fd);
}

export function chownFd(fd: number, uid: number, gid: number): void {
  check(f.fchown(fd, uid, gid), 'fchown');
}

export function chownAt(folder: number, name: string, uid: number, gid: number): void {
  fill(first, name);
  check(c.fchownat(folder, firstPtr, uid, gid, AT_SYMLINK_NOFOLLOW), 'fchownat', name);
}

export function chmodFd(fd: number, mode: number): void {
  check(f.fchmod(fd, mode), 'fchmod');
}

/** Sets access and modification time: whole seconds since 1970, which may be negative, and nanoseconds. */
export function setTimesFd(fd: number, seconds: number, nanoseconds: number): void {
  fillTimes(seconds, nanoseconds);
  check(f.futimens(fd, timesPtr), 'futimens');
}

export function setTimesAt(folder: number, name: string, seconds: number, nanoseconds: number): void {
  fill(first, name);
  fillTimes(seconds, nanoseconds);
  check(c.utimensat(folder, firstPtr, timesPtr, AT_SYMLINK_NOFOLLOW), 'utimensat', name);
}

export function setXattrFd(fd: number, name: string, value: Uint8Array): void {
  fill(first, name);
  check(f.fsetxattr(fd, firstPtr, value.length === 0 ? answerPtr : ptr(value), value.length, 0), 'fsetxattr', name);
}

/** Of an attribute that is there. */
export function removeXattrFd(fd: number, name: string): void {
  fill(first, name);
  check(f.fremovexattr(fd, firstPtr), 'fremovexattr', name);
}

/** umask(2) of the whole process; returns the one before. */
export function setUmask(mask: number): number {
  return c.umask(mask);
}

function f_openat(folder: number, flags: number, mode: number): number {
  return c.openat(folder, firstPtr, flags, mode);
}

function existsOrThrow(syscall: string, name: string): false {
  try {
    check(-1, syscall, name);
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== 'EEXIST') throw error;
  }
  return false;
}

function fill(buffer: Buffer, name: string): void {
  if (name.length > PATH_MAX) throw new SystemError('path', 36, name);
  buffer[buffer.write(name, 0, 'latin1')] = 0;
}

// struct timespec[2]: access time, modification time.
function fillTimes(seconds: number, nanoseconds: number): void {
  for (const at of [0, 16]) {
    times.writeInt32LE(seconds | 0, at);
    times.writeInt32LE(Math.floor(seconds / 2 ** 32), at + 4);
    times.writeInt32LE(nanoseconds, at + 8);
  }
}
