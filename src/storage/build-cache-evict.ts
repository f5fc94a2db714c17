// What of the build cache goes, and taking it away. As BuildKit chooses: what a running build has stays, what nobody used for longest goes first, and
// only as much as the limits ask for. Needs no free space: records are unlinked, mounts renamed to tmp/, and the layers are the sweep's.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { cacheKeys, readCacheRecord, removeCacheRecord } from './build-cache.ts';
import type { CacheItem } from './build-cache-items.ts';
import { detachCacheMount } from './build-cache-mounts.ts';
import { protectedDigests, withStoreLock } from './claim.ts';
import { cacheUrlsDir } from './layout.ts';

export interface SizedItem extends CacheItem {
  /** Bytes that come free with it. */
  size: number;
}

/** Bytes; 0 is no such limit. Without any of them everything that may go goes. */
export interface CacheLimits {
  /** So much always stays. */
  reserved: number;
  /** More than this must not stay. */
  maxUsed: number;
  /** So much of the disk is to be free afterwards. */
  minFree: number;
}

export interface ChooseOptions {
  /** What images share may go, too, though nothing comes free with it. */
  all: boolean;
  fits: (item: SizedItem) => boolean;
  limits: CacheLimits;
  /** Bytes that are free now. */
  free: number;
}

/** Items that are to go, in that order. */
export function chooseToEvict(items: readonly SizedItem[], { all, fits, limits, free }: ChooseOptions): SizedItem[] {
  const candidates = items.filter((item) => !item.inUse && (all || !item.shared) && fits(item));
  const total = items.reduce((sum, { size }) => sum + size, 0);
  const keep = bytesToKeep(total, limits, free);
  const chosen: SizedItem[] = [];
  let left = total;
  for (const item of candidates.sort((a, b) => a.usedAt - b.usedAt)) {
    if (keep !== undefined && left <= keep) break;
    // Where room is what is wanted, what gives none need not go.
    if (keep !== undefined && item.size === 0 && item.shared) continue;
    chosen.push(item);
    left -= item.size;
  }
  return chosen;
}

/** BuildKit's rule; undefined: nothing need be kept. */
function bytesToKeep(total: number, { reserved, maxUsed, minFree }: CacheLimits, free: number): number | undefined {
  if (reserved === 0 && maxUsed === 0 && minFree === 0) return undefined;
  const excess = minFree - free;
  const most = maxUsed > 0 ? maxUsed : Number.POSITIVE_INFINITY;
  const wanted = excess > 0 ? Math.min(most, total - excess) : most;
  return Math.max(reserved, wanted === Number.POSITIVE_INFINITY ? (minFree > 0 ? total : 0) : wanted);
}

export interface Evicted {
  items: SizedItem[];
  /** Digests that these steps let go of, for the sweep. */
  released: string[];
  /** Folders in tmp/ that are left to delete. */
  graves: string[];
}

/** Takes `items` out of the cache; one that a build has begun to use meanwhile stays. */
export function evict(ctx: Pick<Ctx, 'paths'>, items: readonly SizedItem[]): Evicted {
  const evicted: Evicted = { items: [], released: [], graves: [] };
  withStoreLock(ctx, () => {
    const busy = protectedDigests(ctx);
    for (const item of items.filter(({ type }) => type === 'regular')) {
      const layer = readCacheRecord(ctx, item.name)?.layer;
      if (layer && (busy.has(layer.diffId) || busy.has(layer.digest))) continue;
      removeCacheRecord(ctx, item.name);
      evicted.items.push(item);
      if (layer) evicted.released.push(layer.digest, layer.diffId);
    }
  });
  for (const item of items.filter(({ type }) => type === 'exec.cachemount')) {
    const grave = detachCacheMount(ctx, item.name);
    if (grave === undefined) continue;
    evicted.items.push(item);
    evicted.graves.push(grave);
  }
  // Notes that led to a file are dropped by who reads them next.
  for (const item of items.filter(({ type }) => type === 'source.http')) {
    rmSync(join(cacheUrlsDir(ctx), item.name), { force: true });
    evicted.items.push(item);
  }
  return evicted;
}

/** Removes the records that cannot be read. */
export function removeUnreadableRecords(ctx: Pick<Ctx, 'paths'>): void {
  for (const key of cacheKeys(ctx)) if (readCacheRecord(ctx, key) === undefined) removeCacheRecord(ctx, key);
}
