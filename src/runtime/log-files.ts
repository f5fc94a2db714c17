// The files of one rotated log, oldest first, as a consistent set: the writer renames `log` to `log.1`, `log.1` to `log.2` while we look,
// and may compress them. A file is known by its inode, which renames keep, or, once it is compressed, by the time of its last write:
// whoever holds a descriptor reads on from it and then asks what came after.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../sys/errors.ts';

export interface LogFile {
  fd: number;
  inode: bigint;
  /** Of the last write, nanoseconds since 1970. */
  writtenNs: bigint;
  /** As it lies on the disk. */
  sizeBytes: number;
  isCompressed: boolean;
}

/** What is in a file, plain. */
export interface LogContent {
  /** When it was opened; more may come. */
  sizeBytes: number;
  /** As readSync. */
  read(into: Buffer, at: number, length: number, position: number): number;
}

/** More rotated files than any log keeps. */
const MAX_FILES = 100;

/** Opens all files of the log at `path`. The caller closes them. */
export function openLogFiles(path: string): LogFile[] {
  for (;;) {
    const files = openOnce(path);
    const again = openOnce(path);
    closeAll(again);
    // Two equal looks: no rename happened in between.
    if (files.length === again.length && files.every(({ inode }, index) => inode === again[index]?.inode)) return files;
    closeAll(files);
  }
}

/** The file written after `file`, opened, or undefined when that one is the newest. If it is gone: the oldest there is. */
export function openSuccessor(path: string, file: LogFile | undefined): LogFile | undefined {
  const files = openLogFiles(path);
  const writtenNs = file && fstatSync(file.fd, { bigint: true }).mtimeNs;
  const isSame = (one: LogFile): boolean => one.inode === file?.inode || (one.isCompressed && one.writtenNs === writtenNs);
  const next = files[files.findIndex(isSame) + 1];
  closeAll(files.filter((one) => one !== next));
  return next;
}

export function closeAll(files: readonly LogFile[]): void {
  for (const { fd } of files) closeSync(fd);
}

/** What is in `file`; a compressed one is read whole. */
export function contentOf({ fd, sizeBytes, isCompressed }: LogFile): LogContent {
  if (!isCompressed) return { sizeBytes, read: (into, at, length, position) => readSync(fd, into, at, length, position) };
  const bytes = process.getBuiltinModule('node:zlib').gunzipSync(wholeOf(fd, sizeBytes));
  return { sizeBytes: bytes.length, read: (into, at, length, position) => bytes.copy(into, at, position, position + length) };
}

// Whatever the descriptor's position is: a file may be read twice.
function wholeOf(fd: number, sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  for (let done = 0; done < sizeBytes; ) {
    const count = readSync(fd, bytes, done, sizeBytes - done, done);
    if (count === 0) return bytes.subarray(0, done);
    done += count;
  }
  return bytes;
}

function openOnce(path: string): LogFile[] {
  const files: LogFile[] = [];
  const current = openOne(path);
  if (current) files.push(current);
  for (let number = 1; number < MAX_FILES; number++) {
    const file = openOne(`${path}.${number}`) ?? openOne(`${path}.${number}.gz`, true);
    // A rotation that was cut short leaves one gap, at 1.
    if (!file && number > 1) break;
    if (file) files.unshift(file);
  }
  return files;
}

function openOne(path: string, isCompressed = false): LogFile | undefined {
  try {
    const fd = openSync(path, 'r');
    const { ino, size, mtimeNs } = fstatSync(fd, { bigint: true });
    return { fd, inode: ino, writtenNs: mtimeNs, sizeBytes: Number(size), isCompressed };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
