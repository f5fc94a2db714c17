// The folder that `-o` names: made beside itself and renamed when it is whole; what a kill leaves of it, the next one takes away. One that is there
// may only be empty, for what is in it is somebody's.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { syncFolder } from './atomic.ts';
import { sweepDeadWriters } from './dead-writers.ts';
import { EngineError, errnoOf, isDiskFull } from './errors.ts';

/** Leaves room for what the temporary name has more. */
const LONGEST_NAME = 200;

/** Runs `write` with a new folder that becomes `path`. Throws ERR_BAD_OUTPUT before anything is written. `what` begins the sentence. */
export async function writeOutputFolder(path: string, what: string, write: (folder: string) => Promise<void>): Promise<void> {
  const target = resolve(path);
  checkPlace(path, target, what);
  const start = `.${basename(target).slice(0, LONGEST_NAME)}`;
  sweepDeadWriters(dirname(target), (found) => found === start);
  const temporary = join(dirname(target), `${start}.tmp-${process.pid}`);
  try {
    mkdirSync(temporary, 0o755);
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined || isDiskFull(error)) throw error;
    throw refused(what, `cannot write "${path}" (${code === 'EACCES' ? 'permission denied' : code})`);
  }
  try {
    await write(temporary);
    renameSync(temporary, target);
    syncFolder(dirname(target));
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw isDiskFull(error) ? Object.assign(new Error('', { cause: error }), { code: errnoOf(error), path }) : error;
  }
}

function checkPlace(path: string, target: string, what: string): void {
  if (!statSync(dirname(target), { throwIfNoEntry: false })) throw refused(what, `directory "${dirname(path)}" does not exist`);
  const there = statSync(target, { throwIfNoEntry: false });
  if (there && !there.isDirectory()) throw refused(what, `"${path}" is no directory`);
  if (there && readdirSync(target).length > 0) throw refused(what, `"${path}" is not empty`);
}

const refused = (what: string, why: string): EngineError =>
  new EngineError('ERR_BAD_OUTPUT', `${what}: invalid output path: ${why}`, { hint: 'Give the path of a folder that is not there yet' });
