// Deletes what nothing reaches. What is garbage is decided and taken out of sight (blobs unlinked, layers renamed to tmp/) in one go
// under the store lock, so that no pull can begin to rely on it in between; the slow deleting comes after. Layers hold files of sub-ids:
// to be run as root of the user namespace. Needs no free space.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { removeBlob } from './blob.ts';
import { findTraces } from './check-containers.ts';
import { findNetworkTraces } from './check-networks.ts';
import { removeDeadClaims, withStoreLock } from './claim.ts';
import { diskUsage } from './disk-usage.ts';
import { type Absent, findGarbage, type Garbage, type GarbageOptions } from './garbage.ts';
import { detachLayer } from './layer.ts';
import { blobPath, layerDir, tmpDir, volumeDir } from './layout.ts';

export interface SweepOptions extends GarbageOptions {
  /** Adds up what goes: every file is looked at. */
  measure?: boolean;
}

export interface Swept extends Garbage {
  /** Of the disk; 0 unless it was measured. */
  bytes: number;
}

/** Returns what was deleted. If we die on the way, the next sweep goes on. */
export function sweep(ctx: Ctx, { measure = false, ...options }: SweepOptions = {}): Swept {
  removeDeadClaims(ctx);
  const size = measure ? diskUsage : () => 0;
  let bytes = 0;
  const { garbage, graves } = withStoreLock(ctx, () => {
    const found = findGarbage(ctx, options);
    for (const digest of found.blobs) {
      bytes += size([blobPath(ctx, digest)]);
      removeBlob(ctx, digest);
    }
    return { garbage: found, graves: found.layers.map((diffId) => detachLayer(ctx, diffId)) };
  });
  for (const trace of [...findTraces(ctx), ...findNetworkTraces(ctx)]) trace.repair?.();
  for (const folder of [...graves, ...garbage.leftovers.map((name) => join(tmpDir(ctx), name))]) {
    bytes += size([folder]);
    deleteTree(folder);
  }
  return { ...garbage, bytes };
}

/** What a sweep would delete if `without` were gone. */
export function foresee(ctx: Ctx, options: GarbageOptions & { without: Absent }): Swept {
  const garbage = findGarbage(ctx, options);
  const paths = [
    ...garbage.blobs.map((digest) => blobPath(ctx, digest)),
    ...garbage.layers.map((diffId) => layerDir(ctx, diffId)),
    ...garbage.leftovers.map((name) => join(tmpDir(ctx), name)),
    ...options.without.volumes.map((name) => volumeDir(ctx, name)),
  ];
  return { ...garbage, bytes: paths.reduce((sum, path) => sum + diskUsage([path]), 0) };
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
