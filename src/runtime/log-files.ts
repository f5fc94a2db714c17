// The files of one rotated log, oldest first, as a consistent set: the writer renames `log` to `log.1`, `log.1` to `log.2` while we look.
// A file is known by its inode, which renames keep: whoever holds a descriptor reads on from it and then asks what came after.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { errnoOf } from '../sys/errors.ts';

export interface LogFile {
  fd: number;
  inode: number;
  sizeBytes: number;
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

/** The file written after the one with `inode`, opened, or undefined when that one is the newest. If it is gone: the oldest there is. */
export function openSuccessor(path: string, inode: number): LogFile | undefined {
  const files = openLogFiles(path);
  const next = files[files.findIndex((file) => file.inode === inode) + 1];
  closeAll(files.filter((file) => file !== next));
  return next;
}

export function closeAll(files: readonly LogFile[]): void {
  for (const { fd } of files) closeSync(fd);
}

function openOnce(path: string): LogFile[] {
  const files: LogFile[] = [];
  const current = openOne(path);
  if (current) files.push(current);
  for (let number = 1; number < MAX_FILES; number++) {
    const file = openOne(`${path}.${number}`);
    // A rotation that was cut short leaves one gap, at 1.
    if (!file && number > 1) break;
    if (file) files.unshift(file);
  }
  return files;
}

function openOne(path: string): LogFile | undefined {
  try {
    const fd = openSync(path, 'r');
    const { ino, size } = fstatSync(fd);
    return { fd, inode: ino, sizeBytes: size };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
