// The file that `-o` names: written without a name and named when it is whole, so that neither a full disk nor Ctrl-C nor a kill leaves a part
// of it, nor takes the file that was there before. Where the file system has no files without a name, it is written beside itself; and a file
// that is there can only be replaced by a rename, so for that moment the new one has a second name, too.
import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { createNamelessAt, nameFileAt } from './at.ts';
import { sweepDeadWriters } from './dead-writers.ts';
import { EngineError, errnoOf, isDiskFull } from './errors.ts';

/** Runs `write` with an open file that becomes `path`. Throws ERR_BAD_OUTPUT before anything is written. `what` begins the sentence of a refusal. */
export async function writeOutputFile(path: string, what: string, write: (fd: number) => Promise<void>): Promise<void> {
  const target = resolve(path);
  checkPlace(path, target, what);
  const temporary = join(
    dirname(target),
    `.${basename(target).slice(0, LONGEST_NAME)}.tmp-${process.pid}-${Math.random().toString(36).slice(2)}`,
  );
  sweepDeadWriters(dirname(target), (start) => start === `.${basename(target).slice(0, LONGEST_NAME)}`);
  const { fd, isNameless } = openOutput(path, temporary, what);
  try {
    try {
      await write(fd);
      fsyncSync(fd);
      if (isNameless && !nameFile(fd, target)) nameFile(fd, temporary);
    } finally {
      closeSync(fd);
    }
    if (statSync(temporary, { throwIfNoEntry: false })) renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw isDiskFull(error) ? Object.assign(new Error('', { cause: error }), { code: errnoOf(error), path }) : error;
  }
}

/** Leaves room for what the temporary name has more. */
const LONGEST_NAME = 200;

function checkPlace(path: string, target: string, what: string): void {
  const folder = statSync(dirname(target), { throwIfNoEntry: false });
  if (!folder) throw refused(what, `directory "${dirname(path)}" does not exist`);
  const there = statSync(target, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw refused(what, `"${path}" is a directory`);
  if (there && !there.isFile()) throw refused(what, `"${path}" must be a directory or a regular file`);
}

function openOutput(path: string, temporary: string, what: string): { fd: number; isNameless: boolean } {
  const nameless = inFolderOf(temporary, (folder) => createNamelessAt(folder, 0o600));
  if (nameless !== undefined) return { fd: nameless, isNameless: true };
  try {
    return { fd: openSync(temporary, 'wx', 0o600), isNameless: false };
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined || isDiskFull(error)) throw error;
    throw refused(what, `cannot write "${path}" (${WHY[code] ?? `${NO_FILES}: ${code}`})`);
  }
}

/** False when something has that name already. */
function nameFile(fd: number, path: string): boolean {
  return inFolderOf(path, (folder) => nameFileAt(fd, folder, Buffer.from(basename(path)).toString('latin1'))) ?? false;
}

/** Undefined when the folder cannot be opened. */
function inFolderOf<T>(path: string, use: (folder: number) => T): T | undefined {
  let folder: number;
  try {
    folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
  try {
    return use(folder);
  } finally {
    closeSync(folder);
  }
}

const NO_FILES = 'its folder takes no new files';
const WHY: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
  // What /proc and /sys say.
  ENOENT: NO_FILES,
};

const refused = (what: string, why: string): EngineError =>
  new EngineError('ERR_BAD_OUTPUT', `${what}: invalid output path: ${why}`, { hint: 'Give the path of a file that you may write' });
