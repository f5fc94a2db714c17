// What `--lock` and `--locked` mean for one reference, for every verb that fetches images. A reference by digest needs no pin: it names one content.
import { canonicalReference, familiarReference, parseReference, type Reference, repositoryName } from '../oci/reference.ts';
import { findImage } from '../storage/image.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { canonicalOf } from './canonical.ts';
import { addPins, checkLockFile, readLockFile } from './lock-file.ts';

export interface LockOptions {
  /** `write`: what is fetched or used is pinned. `enforce`: nothing else than what is pinned is fetched or used. */
  mode: 'write' | 'enforce';
  /** The lock file; absolute. */
  path: string;
}

/**
 * The digest that `reference` must have; undefined where anything may come. Called before anything is fetched, so that a lock file that
 * cannot be used changes nothing. Throws ERR_LOCK_FILE, ERR_NOT_PINNED, ERR_BAD_REFERENCE.
 */
export async function requiredPin({ mode, path }: LockOptions, reference: string): Promise<string | undefined> {
  const parsed = parseReference(reference);
  if (mode === 'write') {
    await checkLockFile(path);
    return undefined;
  }
  const pins = await readLockFile(path);
  if (parsed.digest !== undefined) return undefined;
  const canonical = canonicalReference(parsed);
  const pin = pins?.get(canonical);
  if (pin !== undefined) return pin;
  const name = familiarReference(canonical);
  throw new EngineError(
    'ERR_NOT_PINNED',
    `"${name}" is not pinned: the lock file "${path}" ${pins ? 'does not name it' : 'does not exist'}`,
    {
      hint: `Pin what it names now: skiff pull --lock ${name}`,
    },
  );
}

/** Writes down that `reference` was pulled, and named `digest`. */
export async function notePin(
  ctx: Pick<Ctx, 'paths'>,
  { mode, path }: LockOptions,
  pulled: { reference: string; digest: string },
): Promise<void> {
  const parsed = parseReference(pulled.reference);
  if (mode === 'write' && parsed.digest === undefined)
    await addPins(ctx, path, { pins: new Map([[canonicalReference(parsed), pulled.digest]]) });
}

/** Pins a reference to what the store has under it. Throws ERR_NOT_PINNED for an image that no registry served under that name. */
export async function noteStored(ctx: Pick<Ctx, 'paths'>, lock: LockOptions, name: string): Promise<void> {
  const found = findImage(ctx, name, canonicalOf(name));
  // An id, as a digest, names one content.
  if (found?.reference === undefined) return;
  const parsed: Reference = parseReference(name);
  const { target, repoDigests } = found.image;
  if (!repoDigests.includes(`${repositoryName(parsed)}@${target.digest}`)) {
    throw new EngineError(
      'ERR_NOT_PINNED',
      `Cannot pin "${familiarReference(found.reference)}": what the store has under it did not come from there`,
      {
        hint: `Pull it: skiff pull --lock ${familiarReference(found.reference)}`,
      },
    );
  }
  await notePin(ctx, lock, { reference: name, digest: target.digest });
}
