// The file that `-o` names: written beside itself and renamed when it is whole, so that neither a full disk nor Ctrl-C leaves a part of
// it, nor takes the file that was there before.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EngineError, errnoOf, isDiskFull } from '../sys/errors.ts';

/** Runs `write` with an open file that becomes `path`. Throws ERR_BAD_OUTPUT before anything is written. `what` begins the sentence of a refusal. */
export async function writeOutputFile(path: string, what: string, write: (fd: number) => Promise<void>): Promise<void> {
  const target = resolve(path);
  checkPlace(path, target, what);
  const temporary = join(
    dirname(target),
    `.${basename(target).slice(0, LONGEST_NAME)}.tmp-${process.pid}-${Math.random().toString(36).slice(2)}`,
  );
  const fd = openOutput(path, temporary, what);
  try {
    try {
      await write(fd);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, target);
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

function openOutput(path: string, temporary: string, what: string): number {
  try {
    return openSync(temporary, 'wx', 0o600);
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined || isDiskFull(error)) throw error;
    throw refused(what, `cannot write "${path}" (${WHY[code] ?? `${NO_FILES}: ${code}`})`);
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
