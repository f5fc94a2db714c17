// How large the items of the build cache are: either what the disk gives back for them, for which every file is looked at, or what was noted of
// them, for which none is. To be run as root of the user's namespace, who may look into every folder.
import { existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import type { SizedItem } from './build-cache-evict.ts';
import { type CacheItem, cacheItems } from './build-cache-items.ts';
import { listCacheMounts, noteMountSize } from './build-cache-mounts.ts';
import { diskUsage } from './disk-usage.ts';
import { blobPath, cacheMountDir, cacheUrlsDir, layerDir } from './layout.ts';

/** Measured now. */
export function measuredItems(ctx: Pick<Ctx, 'paths'>): SizedItem[] {
  return cacheItems(ctx).map((item) => {
    return { ...item, size: pathsOf(ctx, item).reduce((sum, path) => sum + diskUsage([path]), 0) };
  });
}

function pathsOf(ctx: Pick<Ctx, 'paths'>, { type, name, layer }: CacheItem): string[] {
  if (type === 'exec.cachemount') return [cacheMountDir(ctx, name)];
  if (type === 'source.http') return [join(cacheUrlsDir(ctx), name)];
  return layer ? [blobPath(ctx, layer.digest), layerDir(ctx, layer.diffId)] : [];
}

/** As noted: a step by its layer's record, a mount as it was measured last. */
export function notedItems(ctx: Pick<Ctx, 'paths'>): SizedItem[] {
  return cacheItems(ctx).map((item) => ({ ...item, size: item.layer ? item.layer.size + item.layer.sizeBytes : (item.measured ?? 0) }));
}

/** Measures the mounts that were used since they were measured last, and notes it; what takes longer than `budgetMs` in all is left as it was. */
export function measureMounts(ctx: Pick<Ctx, 'paths' | 'now'>, budgetMs: number): void {
  const deadline = performance.now() + budgetMs;
  const isLate = (): boolean => performance.now() > deadline;
  for (const mount of listCacheMounts(ctx)) {
    const { name, record, lastUsedAt, inUse } = mount;
    const isKnown = record.measuredAt !== undefined && Date.parse(record.measuredAt) > lastUsedAt.getTime();
    if (isKnown || inUse || isLate()) continue;
    const size = diskUsage([cacheMountDir(ctx, name)], isLate);
    // Of one that is too large to be measured in time at least as much as was seen is known.
    noteMountSize(ctx, mount, isLate() ? Math.max(size, record.size ?? 0) : size);
  }
}

/** Of the store's disk; 0 while there is no store. */
export function freeBytes(ctx: Pick<Ctx, 'paths'>): number {
  if (!existsSync(ctx.paths.data)) return 0;
  const { bavail, bsize } = statfsSync(ctx.paths.data);
  return bavail * bsize;
}
