// The names of containers: `names/<name>` is a symlink to an id, and making one is exclusive, so the link reserves the name. What a container
// is called is said by its record; a link that leads to no container is nobody's.
import { existsSync, mkdirSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { isLocked } from '../sys/lock.ts';
import { containerDir, containerLockPath, namesDir } from './layout.ts';

/**
 * Reserves `name` for `id`: creating a symlink is exclusive. A link left by a creation that died (no folder, lock free) is
 * replaced. Throws ERR_NAME_TAKEN in Docker's words.
 */
export function reserveName(ctx: Ctx, name: string, id: string): void {
  mkdirSync(namesDir(ctx), { recursive: true, mode: 0o700 });
  const link = join(namesDir(ctx), name);
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      symlinkSync(id, link);
      return;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    const owner = ownerOfName(ctx, name);
    if (owner === id) return;
    if (owner !== undefined && (existsSync(containerDir(ctx, owner)) || isLocked(containerLockPath(ctx, owner)))) {
      throw new EngineError('ERR_NAME_TAKEN', `Conflict. The container name "/${name}" is already in use by container "${owner}"`, {
        hint: `You have to remove (or rename) that container to be able to reuse that name: skiff rm ${name}`,
      });
    }
    if (owner !== undefined) releaseName(ctx, name, owner);
  }
  throw new EngineError('ERR_NAME_TAKEN', `Conflict. The container name "/${name}" is being taken by another command`);
}

/** Frees `name` if it is `id`'s. */
export function releaseName(ctx: Pick<Ctx, 'paths'>, name: string, id: string): void {
  if (ownerOfName(ctx, name) !== id) return;
  try {
    unlinkSync(join(namesDir(ctx), name));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** The id that the name's link leads to. */
export function ownerOfName(ctx: Pick<Ctx, 'paths'>, name: string): string | undefined {
  try {
    return readlinkSync(join(namesDir(ctx), name));
  } catch {
    return undefined;
  }
}
