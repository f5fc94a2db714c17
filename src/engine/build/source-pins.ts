// `--lock` and `--locked` for what ADD fetches: the digest of a URL's file, the commit of a git repository. What is pinned and kept here is not asked for.
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { addPins, readLockFile } from '../lock-file.ts';
import type { BuildOptions } from './model.ts';

export interface PinSite {
  ctx: Pick<Ctx, 'paths'>;
  options: Partial<Pick<BuildOptions, 'lock'>>;
}

type Section = 'urls' | 'git';

/** The digest or commit that it must have; undefined where anything may come. Throws ERR_LOCK_FILE, ERR_NOT_PINNED. */
export async function requiredSourcePin({ options: { lock } }: PinSite, section: Section, written: string): Promise<string | undefined> {
  if (lock?.mode !== 'hold') return undefined;
  const name = pinName(written);
  const pins = await readLockFile(lock.path, section);
  const pin = pins?.get(name);
  if (pin !== undefined) return pin;
  const why = pins ? 'does not name it' : 'does not exist';
  throw new EngineError('ERR_NOT_PINNED', `"${name}" is not pinned: the lock file "${lock.path}" ${why}`, {
    hint: 'Pin what it names now: build with --lock',
  });
}

/** Writes down what came. Throws ERR_LOCK_FILE. */
export async function noteSourcePin(
  { ctx, options: { lock } }: PinSite,
  section: Section,
  pinned: { written: string; pin: string },
): Promise<void> {
  if (lock?.mode === 'write') await addPins(ctx, lock.path, { pins: new Map([[pinName(pinned.written), pinned.pin]]), section });
}

/** `error`, or where it is about a checksum that was the lock file's: that what is pinned has changed. */
export function explainMoved(error: unknown, { written, pin }: { written: string; pin: string | undefined }): unknown {
  if (pin === undefined || !(error instanceof EngineError) || error.code !== 'ERR_CHECKSUM') return error;
  const actual = /sha256:[0-9a-f]{64}|\b[0-9a-f]{40,64}\b/.exec(error.message.replaceAll(pin, ''))?.[0];
  return new EngineError(
    'ERR_TAG_MOVED',
    `"${pinName(written)}" changed since it was pinned: from "${pin}"${actual === undefined ? '' : ` to "${actual}"`}`,
    { hint: 'Accept what it is now: build with --lock', cause: error },
  );
}

/** As written, without a user's name and password. */
const pinName = (written: string): string => written.replace(/^(\w+:\/\/)[^/]*@/, '$1');
