// What is in one open file to another: shared with it where the file system can (ioctl_ficlone(2)), copied by the kernel else
// (copy_file_range(2)), read and written where that cannot be either. Calls are for a bounded piece each, so that who copies can do other
// things in between. The file offsets of both descriptors are moved.
import { dlopen } from 'bun:ffi';
import { check, errnoName, ptr } from './ffi.ts';

const { symbols: f } = dlopen('libc.so.6', {
  copy_file_range: { args: ['i32', 'ptr', 'i32', 'ptr', 'u64', 'u32'], returns: 'i32' },
  ioctl: { args: ['i32', 'u64', 'i32'], returns: 'i32' },
  lseek: { args: ['i32', 'i64', 'i32'], returns: 'i64' },
  read: { args: ['i32', 'ptr', 'u64'], returns: 'i32' },
  write: { args: ['i32', 'ptr', 'u64'], returns: 'i32' },
});

const FICLONE = 0x40049409;
const SEEK_SET = 0;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
/** Below it, one read and one write are less than what the kernel sets up to copy by itself. */
const SMALL = 64 * 1024;
const PIECE = 1024 * 1024;

/** How two file systems can share: found out with the first file, for all that follow. */
export interface CopyWays {
  canClone: boolean;
  canCopyInKernel: boolean;
}

// Over an ArrayBuffer of its own, so that the pointer stays true (see at.ts).
let buffer: Buffer | undefined;

/** Makes the empty file `to` share all of `from`; false, and the way closed for the next ones, where that is not possible. */
export function cloneFile(from: number, to: number, ways: CopyWays): boolean {
  if (!ways.canClone) return false;
  if (f.ioctl(to, FICLONE, from) === 0) return true;
  // No space for the extents: the copy would fail all the same, and says so in better words. Anything else is "cannot".
  if (errnoName() !== 'ENOSPC') ways.canClone = false;
  return false;
}

/** Copies at most `length` bytes from where both stand, a megabyte or less at once. 0 at the end of `from`. */
export function copyPiece(from: number, to: number, { length, ways }: { length: number; ways: CopyWays }): number {
  const wanted = Math.min(length, PIECE);
  if (ways.canCopyInKernel && wanted > SMALL) {
    const done = f.copy_file_range(from, null, to, null, wanted, 0);
    // Some file systems answer 0 for files that have something in them (proc(5)): a read tells.
    if (done > 0) return done;
    if (done < 0 && isFatal(errnoName())) check(done, 'copy_file_range');
    ways.canCopyInKernel = false;
  }
  buffer ??= Buffer.from(new ArrayBuffer(PIECE));
  const start = ptr(buffer);
  const got = check(f.read(from, start, wanted), 'read');
  for (let done = 0; done < got; ) done += check(f.write(to, ptr(buffer, done), got - done), 'write');
  return got;
}

/** Where the next data of `fd` is, from `offset` on; undefined when only a hole follows. Moves the offset there. */
export function seekData(fd: number, offset: number): number | undefined {
  const at = Number(f.lseek(fd, offset, SEEK_DATA));
  if (at >= 0) return at;
  if (errnoName() === 'ENXIO') return undefined;
  // A file system that knows no holes: all of it is data.
  return seekTo(fd, offset);
}

/** Where the next hole is, from `offset` on; the end counts as one. The offset is anywhere after. */
export function seekHole(fd: number, { offset, size }: { offset: number; size: number }): number {
  const at = Number(f.lseek(fd, offset, SEEK_HOLE));
  return at >= 0 ? at : size;
}

export function seekTo(fd: number, offset: number): number {
  return check(f.lseek(fd, offset, SEEK_SET), 'lseek');
}

const isFatal = (code: string): boolean => ['ENOSPC', 'EDQUOT', 'EIO', 'EFBIG', 'ENOMEM'].includes(code);
