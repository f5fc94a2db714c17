// Unpacked layers, one folder per diff-id. A layer appears whole, by one rename, but its files reach the disk only with the
// `syncStore` before an image record is written, or when the build cache settles, which is noted beside it (`synced`). So a layer that no
// image record reaches and that has no such note counts only within the boot that made it: after a power cut it may be hollow, and is made again.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../sys/atomic.ts';
import { bootId } from '../sys/boot.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { hexOfDigest, isDigest } from './digest.ts';
import { readImageRecords } from './image-record.ts';
import { layerDir, layersDir, tmpDir } from './layout.ts';
import type { LayerRecord } from './records.ts';
import { syncStore } from './sync.ts';

type LayerCtx = Pick<Ctx, 'paths' | 'env'>;

/** Whether the layer is unpacked, whole, and safe to build on. */
export function hasLayer(ctx: LayerCtx, diffId: string): boolean {
  return absentLayers(ctx, [diffId]).length === 0;
}

/** Those of `diffIds` that are missing or not safe to build on. */
export function absentLayers(ctx: LayerCtx, diffIds: readonly string[]): string[] {
  const boot = bootId(ctx.env);
  const doubtful = diffIds.filter((diffId) => {
    const record = readLayer(ctx, diffId);
    return record === undefined || (record.bootId !== boot && !existsSync(syncedPath(ctx, diffId)));
  });
  if (doubtful.length === 0) return [];
  const reached = reachedLayers(ctx);
  return doubtful.filter((diffId) => !reached.has(diffId) || readLayer(ctx, diffId) === undefined);
}

/** The layer's record; undefined when it is missing or unreadable. */
export function readLayer(ctx: Pick<Ctx, 'paths'>, diffId: string): LayerRecord | undefined {
  hexOfDigest(diffId);
  const value = readJson(layerRecordPath(layerDir(ctx, diffId)));
  if (!isLayerRecord(value) || value.diffId !== diffId) return undefined;
  return existsSync(join(layerDir(ctx, diffId), 'fs')) ? value : undefined;
}

/**
 * Notes that everything of these layers, blobs too, is on the disk: to be called after a sync that began when they were whole. The note is an
 * empty file that nobody waits for: were it lost in a power cut, a layer would be made again for nothing.
 */
export function markSynced(ctx: Pick<Ctx, 'paths'>, diffIds: Iterable<string>): void {
  for (const diffId of diffIds) {
    try {
      writeFileSync(syncedPath(ctx, diffId), '', { mode: 0o600 });
    } catch (error) {
      // Gone meanwhile, or no room: it counts until the machine goes down.
      if (!['ENOENT', 'ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '')) throw error;
    }
  }
}

/** Diff-ids of every folder below layers/, readable or not. */
export function layerIds(ctx: Pick<Ctx, 'paths'>): string[] {
  try {
    return readdirSync(layersDir(ctx))
      .map((hex) => `sha256:${hex}`)
      .filter(isDigest);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Renames a finished folder (`fs/`, `layer.json`) into place. When another process was faster its layer, equal by diff-id, stays and
 * `made` is deleted; a damaged one in the way is replaced.
 */
export function commitLayer(ctx: LayerCtx, diffId: string, made: string): void {
  const target = layerDir(ctx, diffId);
  mkdirSync(layersDir(ctx), { recursive: true, mode: 0o700 });
  // A layer that was lost and is fetched again is trusted at once, by the record that reaches it: then it must be on the disk first.
  if (reachedLayers(ctx).has(diffId)) syncStore(ctx);
  for (let attempt = 0; ; attempt++) {
    try {
      renameSync(made, target);
      return;
    } catch (error) {
      const code = errnoOf(error);
      if ((code !== 'EEXIST' && code !== 'ENOTEMPTY') || attempt > 2) throw error;
    }
    if (hasLayer(ctx, diffId)) {
      rmSync(made, { recursive: true, force: true });
      return;
    }
    rmSync(detachLayer(ctx, diffId), { recursive: true, force: true });
  }
}

/** Takes a layer out of sight in one rename; returns the folder in tmp/ that is left to delete. */
export function detachLayer(ctx: Pick<Ctx, 'paths'>, diffId: string): string {
  const grave = join(tmpDir(ctx), `removed-layer-${hexOfDigest(diffId).slice(0, 12)}-${Math.random().toString(36).slice(2)}`);
  mkdirSync(tmpDir(ctx), { recursive: true, mode: 0o700 });
  try {
    renameSync(layerDir(ctx, diffId), grave);
    return grave;
  } catch (error) {
    // Even a rename can want a block on a full disk. Without its record the layer is absent, wherever it lies.
    if (errnoOf(error) !== 'ENOSPC' && errnoOf(error) !== 'EDQUOT') throw error;
    rmSync(layerRecordPath(layerDir(ctx, diffId)), { force: true });
    return layerDir(ctx, diffId);
  }
}

const syncedPath = (ctx: Pick<Ctx, 'paths'>, diffId: string): string => join(layerDir(ctx, diffId), 'synced');

export const layerRecordPath = (folder: string): string => join(folder, 'layer.json');

function reachedLayers(ctx: Pick<Ctx, 'paths'>): Set<string> {
  return new Set(readImageRecords(ctx).flatMap((image) => image.layers.map((layer) => layer.diffId)));
}

function isLayerRecord(value: unknown): value is LayerRecord {
  const record = value as LayerRecord | undefined;
  return (
    record?.version === 1 && typeof record.diffId === 'string' && typeof record.tree === 'string' && typeof record.sizeBytes === 'number'
  );
}
