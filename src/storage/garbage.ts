// What nothing reaches. The roots are image records, records of the build cache, containers' layers, and what living claims protect. While a container's record
// cannot be read nobody knows its layers, so then no layer counts as garbage. What a pull is at is protected by its claim; what a broken
// pull left is kept for an hour, for its next try.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { isLocked } from '../sys/lock.ts';
import { readCacheRecords } from './build-cache.ts';
import { isClaimed, protectedDigests } from './claim.ts';
import { containerIds, layersUsed, readContainer } from './container.ts';
import { isDigest } from './digest.ts';
import { readImageRecords } from './image-record.ts';
import { layerIds } from './layer.ts';
import { blobPath, blobsDir, containerLockPath, layerDir, tmpDir } from './layout.ts';

export interface Garbage {
  /** Digests. */
  blobs: string[];
  /** Diff-ids. */
  layers: string[];
  /** Names in tmp/. */
  leftovers: string[];
}

export interface GarbageOptions {
  /** These blobs and layers, and what arrived of them, are garbage as soon as nothing reaches them, however young. */
  released?: ReadonlySet<string>;
  /** Takes what is young, too, and the partial files of broken downloads, though the next try could use them. */
  thorough?: boolean;
  /** Images and containers that are to be thought away. */
  without?: Absent;
}

export interface Absent {
  /** Image ids. */
  images: readonly string[];
  /** Container ids. */
  containers: readonly string[];
  /** Names. */
  volumes: readonly string[];
  /** Keys of build cache records. */
  cache?: readonly string[];
}

const HOUR_MS = 3_600_000;
/** How long the partial file of a broken download waits for its next try. */
const PARTIAL_AGE_MS = 24 * HOUR_MS;
/** Manifests and configs are fetched again in no time; no try waits for them. */
const SMALL_BYTES = 1 << 16;

/** Garbage as of now. To delete it, ask and take it out of sight under the store lock (`sweep`). */
export function findGarbage(ctx: Ctx, { released, thorough = false, without }: GarbageOptions = {}): Garbage {
  const { usedBlobs, usedLayers, hasUnknownLayers } = reachable(ctx, without);
  const isGarbage = (used: ReadonlySet<string>, digest: string, path: string): boolean =>
    !used.has(digest) && (thorough || released?.has(digest) || isWorthless(ctx, path));
  return {
    blobs: storedBlobs(ctx).filter((digest) => isGarbage(usedBlobs, digest, blobPath(ctx, digest))),
    layers: hasUnknownLayers ? [] : layerIds(ctx).filter((diffId) => isGarbage(usedLayers, diffId, layerDir(ctx, diffId))),
    leftovers: namesIn(tmpDir(ctx)).filter((name) => isLeftover(ctx, name, { released, thorough })),
  };
}

/** Digests of all blob files. */
export function storedBlobs(ctx: Pick<Ctx, 'paths'>): string[] {
  return namesIn(blobsDir(ctx))
    .map((hex) => `sha256:${hex}`)
    .filter(isDigest);
}

/** Of a layer that is not compressed, blob and folder have one digest, but one of them may be needed without the other. */
function reachable(ctx: Ctx, without?: Absent): { usedBlobs: Set<string>; usedLayers: Set<string>; hasUnknownLayers: boolean } {
  const usedBlobs = protectedDigests(ctx);
  const usedLayers = new Set(usedBlobs);
  for (const image of readImageRecords(ctx)) {
    if (without?.images.includes(image.id)) continue;
    for (const digest of [image.id, image.manifest.digest, image.target.digest, ...(image.companions ?? [])]) usedBlobs.add(digest);
    for (const { digest, diffId } of image.layers) {
      usedBlobs.add(digest);
      usedLayers.add(diffId);
    }
  }
  for (const { record } of readCacheRecords(ctx)) {
    if (record.layer === undefined || without?.cache?.includes(record.key)) continue;
    usedBlobs.add(record.layer.digest);
    usedLayers.add(record.layer.diffId);
  }
  let hasUnknownLayers = false;
  for (const id of containerIds(ctx)) {
    if (without?.containers.includes(id)) continue;
    const record = readContainer(ctx, id)?.record;
    if (record && Array.isArray(record.Layers)) for (const diffId of layersUsed(record)) usedLayers.add(diffId);
    else hasUnknownLayers = true;
  }
  return { usedBlobs, usedLayers, hasUnknownLayers };
}

function isWorthless(ctx: Ctx, path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && ((found.isFile() && found.size <= SMALL_BYTES) || isOlder(ctx, path, HOUR_MS));
}

function isLeftover(ctx: Ctx, name: string, { released, thorough }: GarbageOptions): boolean {
  if (name === 'claims' || isClaimed(ctx, name)) return false;
  const path = join(tmpDir(ctx), name);
  if (name.startsWith('blob-')) {
    return thorough || released?.has(name.replace('blob-', 'sha256:')) || isOlder(ctx, path, PARTIAL_AGE_MS);
  }
  // Made under a claim, or on its way out: without a living claim nobody comes back for it.
  if (name.startsWith('layer-') || name.startsWith('removed-') || name.startsWith('volume-data-') || name.startsWith('build-')) return true;
  // Its session may live on, though nobody watches over it.
  if (name.startsWith('unshare-') && thorough) return true;
  const container = /^container-([0-9a-f]{64})$/.exec(name)?.[1];
  if (container !== undefined) return !isLocked(containerLockPath(ctx, container));
  return isOlder(ctx, path, HOUR_MS);
}

function isOlder(ctx: Ctx, path: string, ageMs: number): boolean {
  try {
    return ctx.now().getTime() - statSync(path).mtimeMs >= ageMs;
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
