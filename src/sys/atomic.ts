// The one way state is written: temporary file, fsync, rename, fsync of the folder. If we die before the rename the old content
// stands and the temporary file (`.<name>.tmp-…`) is garbage; after it the new content stands.
import { closeSync, fsyncSync, futimesSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from './errors.ts';

export interface WriteOptions {
  /** Permission bits; default 0o600. */
  mode?: number;
  /** false skips both fsyncs, for files that a reboot makes worthless (the run folder). Default true. */
  durable?: boolean;
  /** false: a missing folder is an error (ENOENT), for what lies in an object that may be removed meanwhile. Default true. */
  createFolder?: boolean;
  /** Modification time that it gets; default: now. */
  time?: Date;
}

/** Replaces `path` with `data` so that a reader, or a crash at any moment, sees the old bytes or the new, never a part. */
export function writeFileAtomic(path: string, data: string | Uint8Array, options: WriteOptions = {}): void {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.tmp-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const durable = options.durable ?? true;
  const fd = createIn(folder, temporary, options);
  try {
    try {
      writeAll(fd, typeof data === 'string' ? Buffer.from(data) : data);
      if (options.time) futimesSync(fd, options.time, options.time);
      if (durable) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (durable) syncFolder(folder);
}

/** `writeFileAtomic` of a value as JSON. */
export function writeJsonAtomic(path: string, value: unknown, options: WriteOptions = {}): void {
  writeFileAtomic(path, `${JSON.stringify(value)}\n`, options);
}

/** The parsed JSON of `path`, or undefined when it is missing or not JSON: an unreadable object is absent. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Makes renames and creations inside `folder` durable. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes the folder `path` with all that it lies in, and makes that durable; what is there is left as it is. */
export function makeFolderDurably(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    syncFolder(folder);
    if (folder === dirname(first) || folder === dirname(folder)) return;
  }
}

/** Writes all of `data`, whatever the kernel takes at a time. */
export function writeAll(fd: number, data: Uint8Array): void {
  let offset = 0;
  while (offset < data.length) offset += writeSync(fd, data, offset, data.length - offset);
}

function createIn(folder: string, path: string, { mode = 0o600, createFolder = true }: WriteOptions): number {
  try {
    return openSync(path, 'wx', mode);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || !createFolder) throw error;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openSync(path, 'wx', mode);
  }
}
