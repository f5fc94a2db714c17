// `--lock`, `--locked` and `--lock-file`, of every command that fetches images. The file is the current folder's unless it is named.
import { resolve } from 'node:path';
import type { BuildOptions } from '../engine/build/model.ts';
import type { LockOptions } from '../engine/lock-pins.ts';
import { EngineError } from '../sys/errors.ts';
import { type FlagValues, flag } from './flag.ts';

const FILE = 'containers.lock';

export const lockFlags = {
  lock: flag.boolean({ description: `Pin the image to the digest that its tag names now, in ${FILE}` }),
  locked: flag.boolean({ description: `Use the image only as ${FILE} pins it; refuse a tag that moved` }),
  'lock-file': flag.string({ helpValue: 'path', description: `Lock file to use in place of ./${FILE}` }),
};

/** Undefined when neither was asked for. Throws ERR_CONFLICTING_OPTIONS. */
export function lockOptions(flags: FlagValues<typeof lockFlags>, { exitCode = 1 } = {}): LockOptions | undefined {
  const { lock, locked, 'lock-file': file } = flags;
  const refuse = (message: string, hint: string) => new EngineError('ERR_CONFLICTING_OPTIONS', message, { hint, exitCode });
  if (lock && locked) throw refuse('Conflicting options: cannot specify both --lock and --locked', 'Leave one of the two out');
  if (!lock && !locked && file !== undefined) throw refuse('--lock-file has no meaning without --lock or --locked', 'Add one of the two');
  if (file === '') throw refuse('invalid argument "" for "--lock-file": it names no file', 'Give the path of the lock file');
  if (!lock && !locked) return undefined;
  return { mode: lock ? 'write' : 'enforce', path: resolve(file ?? FILE) };
}

/** The same for builds, which hold every image and URL that they fetch. */
export function buildLock(flags: FlagValues<typeof lockFlags>): BuildOptions['lock'] {
  const lock = lockOptions(flags);
  return lock && { mode: lock.mode === 'write' ? 'write' : 'hold', path: lock.path };
}
