// A log file that is appended to and, once full, renamed to `.1`, `.2`. Traps: rotation falls between two entries, never within one; a
// full disk loses lines, never the container; a line torn by a crash is ended, so that it spoils no other.
import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { errnoOf } from '../sys/errors.ts';

export interface RotationOptions {
  /** A file that has reached this size is rotated before the next entry. Default 10 MB. */
  maxSizeBytes?: number;
  /** Files kept, the current one among them. Default 3. */
  maxFiles?: number;
  /** Rotated files are compressed, to `.1.gz`. */
  compress?: boolean;
  /** Told once when the log can no longer be written. */
  onError?: (error: unknown) => void;
}

export interface RotatedFile {
  /** Appends entries, each ended by a newline, and rotates between any two of them. */
  append(bytes: Uint8Array): void;
  close(): void;
}

const NEWLINE = 0x0a;

/** Opens the file at `path` for appending. Throws the system's error when it cannot be opened. */
export function openRotated(
  path: string,
  { maxSizeBytes = 10_000_000, maxFiles = 3, compress = false, onError }: RotationOptions = {},
): RotatedFile {
  let failed = false;
  let { fd, size } = openForAppend(path);
  let isCompressing = false;

  const guarded = (work: () => void): void => {
    try {
      work();
      failed = false;
    } catch (error) {
      if (!failed) onError?.(error);
      failed = true;
    }
  };

  const writeOut = (bytes: Uint8Array): void => {
    // What failed before may have left half an entry: end it, so that it spoils no other.
    if (failed) writeSync(fd, '\n');
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    size += bytes.length;
  };

  const rotate = (): void => {
    // Should it fail, the current file goes on growing, and rotating is tried again after as much once more.
    size = 0;
    moveAside(path, maxFiles);
    const next = openForAppend(path);
    closeSync(fd);
    ({ fd, size } = next);
    if (compress) void compressAll();
  };

  // One at a time: it takes up by itself what is rotated meanwhile.
  const compressAll = async (): Promise<void> => {
    if (isCompressing) return;
    isCompressing = true;
    try {
      const { compressRotated } = await import('./log-compress.ts');
      await compressRotated(path, maxFiles);
    } catch (error) {
      onError?.(error);
    } finally {
      isCompressing = false;
    }
  };

  return {
    append(bytes) {
      for (let at = 0; at < bytes.length; ) {
        if (size >= maxSizeBytes) guarded(rotate);
        const end = bytes.length - at <= maxSizeBytes - size ? bytes.length : bytes.indexOf(NEWLINE, at + maxSizeBytes - size - 1) + 1;
        const part = bytes.subarray(at, end || bytes.length);
        guarded(() => writeOut(part));
        at += part.length;
      }
    },
    close: () => closeSync(fd),
  };
}

/** A line torn by a crash is ended first, so that it cannot spoil the next. */
function openForAppend(path: string): { fd: number; size: number } {
  const fd = openSync(path, 'a+', 0o600);
  const { size } = fstatSync(fd);
  const last = new Uint8Array([NEWLINE]);
  if (size > 0) readSync(fd, last, 0, 1, size - 1);
  if (last[0] === NEWLINE) return { fd, size };
  writeSync(fd, '\n');
  return { fd, size: size + 1 };
}

/** `log` → `log.1` → `log.2`. If we die in between, a number is missing: readers look at which files there are. */
function moveAside(path: string, maxFiles: number): void {
  if (maxFiles < 2) {
    rmSync(path, { force: true });
    return;
  }
  for (const extension of EXTENSIONS) rmSync(`${path}.${maxFiles - 1}${extension}`, { force: true });
  for (let number = maxFiles - 1; number > 1; number--) {
    for (const extension of EXTENSIONS) renameIfThere(`${path}.${number - 1}${extension}`, `${path}.${number}${extension}`);
  }
  renameSync(path, `${path}.1`);
}

/** Plain, and compressed. */
const EXTENSIONS = ['', '.gz'] as const;

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
