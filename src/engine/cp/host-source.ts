// What is copied into a container, on this machine. As Docker's client reads it: a symlink is copied as such, unless -L was given or a slash
// after it asks for the folder behind it.
import { closeSync, lstatSync, openSync, realpathSync } from 'node:fs';
import { posix } from 'node:path';
import type { CopySource } from '../../runtime/messages-copy.ts';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { absolute, asksForFolder, meansContents, splitEnd, toBytes } from './paths.ts';

export interface HostSource extends CopySource {
  /** Where it lies: an open folder and its name there, a byte string. */
  folder: number;
  name: string;
  /** Its absolute path. */
  path: string;
  close(): void;
}

/** Throws ERR_NO_FILE when it is not there, ERR_NO_FOLDER when it is no folder though the path says so. */
export function openHostSource(given: string, { followLink }: { followLink: boolean }): HostSource {
  const path = absolute(given, process.cwd());
  const place = placeOf(path, followLink);
  const isFolder = look(place, path).isDirectory();
  if (asksForFolder(path) && !isFolder) throw new EngineError('ERR_NO_FOLDER', `lstat ${path}: not a directory`);
  const isWhole = meansContents(path) || place === '/';
  const folder = openSync(isWhole ? place : posix.dirname(place), 'r');
  return {
    base: isWhole ? '.' : toBytes(splitEnd(path).base),
    isFolder,
    folder,
    name: isWhole ? '.' : toBytes(posix.basename(place)),
    path,
    close: () => closeSync(folder),
  };
}

function placeOf(path: string, followLink: boolean): string {
  const { folder, base } = splitEnd(path);
  try {
    if (followLink || asksForFolder(path)) return realpathSync(path);
    return posix.join(realpathSync(folder), base);
  } catch (error) {
    throw missing(path, error);
  }
}

function look(place: string, path: string) {
  try {
    return lstatSync(place);
  } catch (error) {
    throw missing(path, error);
  }
}

function missing(path: string, error: unknown): unknown {
  const words = { ENOENT: 'no such file or directory', ENOTDIR: 'not a directory', EACCES: 'permission denied', ELOOP: 'too many links' };
  const why = words[errnoOf(error) as keyof typeof words];
  return why ? new EngineError('ERR_NO_FILE', `lstat ${path}: ${why}`, { cause: error }) : error;
}
