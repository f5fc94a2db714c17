// Deletes what nothing reaches. What is garbage is decided and taken out of sight (blobs unlinked, layers renamed to tmp/) in one go
// under the store lock, so that no pull can begin to rely on it in between; the slow deleting comes after. Layers hold files of sub-ids:
// to be run as root of the user namespace. Needs no free space.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { removeBlob } from './blob.ts';
import { findTraces } from './check-containers.ts';
import { removeDeadClaims, withStoreLock } from './claim.ts';
import { findGarbage, type Garbage, type GarbageOptions } from './garbage.ts';
import { detachLayer } from './layer.ts';
import { tmpDir } from './layout.ts';

/** Returns what was deleted. If we die on the way, the next sweep goes on. */
export function sweep(ctx: Ctx, options: GarbageOptions = {}): Garbage {
  removeDeadClaims(ctx);
  const { garbage, graves } = withStoreLock(ctx, () => {
    const found = findGarbage(ctx, options);
    for (const digest of found.blobs) removeBlob(ctx, digest);
    return { garbage: found, graves: found.layers.map((diffId) => detachLayer(ctx, diffId)) };
  });
  for (const trace of findTraces(ctx)) trace.repair?.();
  for (const folder of [...graves, ...garbage.leftovers.map((name) => join(tmpDir(ctx), name))]) deleteTree(folder);
  return garbage;
}

/** Deletes a folder that another process may be deleting too. */
export function deleteTree(path: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      rmSync(path, { recursive: true, force: true });
      return;
    } catch (error) {
      const code = errnoOf(error);
      if (attempt > 5 || (code !== 'ENOENT' && code !== 'ENOTEMPTY')) throw error;
    }
  }
}
