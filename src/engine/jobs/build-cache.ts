// The build cache, listed with what the disk says of it, or pruned (storage/build-cache-*.ts).
import { rmSync } from 'node:fs';
import type { BuildCacheJob, BuildCacheReport, CacheEntry, CachePrune } from '../../runtime/messages-cache.ts';
import { chooseToEvict, evict, removeUnreadableRecords, type SizedItem } from '../../storage/build-cache-evict.ts';
import { freeBytes, measuredItems } from '../../storage/build-cache-sizes.ts';
import { diskUsage } from '../../storage/disk-usage.ts';
import { cacheHashesDir, cacheRecordsDir, cacheSlotsDir, cacheUrlsDir } from '../../storage/layout.ts';
import { sweep } from '../../storage/sweep.ts';
import type { Ctx } from '../../sys/context.ts';
import { holds } from '../build/cache-condition.ts';

export async function buildCache(ctx: Ctx, { prune }: BuildCacheJob): Promise<BuildCacheReport> {
  const items = measuredItems(ctx);
  if (!prune) return reportOf(items, 0);
  const { all, limits, dryRun } = prune;
  const chosen = chooseToEvict(items, { all, fits: (item) => fits(item, prune), limits, free: freeBytes(ctx) });
  if (dryRun)
    return reportOf(
      chosen,
      chosen.reduce((sum, { size, layer }) => sum + (layer ? 0 : size), 0),
    );
  const notes = [cacheRecordsDir(ctx), cacheSlotsDir(ctx), cacheHashesDir(ctx), cacheUrlsDir(ctx)];
  const before = diskUsage(notes);
  removeUnreadableRecords(ctx);
  const evicted = evict(ctx, chosen);
  // The mounts lie in tmp/ by then: it is the sweep that deletes them, too.
  const { bytes } = sweep(ctx, { released: new Set(evicted.released), measure: true });
  // With everything gone there is nothing left that a later miss could be compared with, nor a layer that a file's hash would lead to.
  if (evicted.items.length === items.length) for (const folder of notes) rmSync(folder, { recursive: true, force: true });
  return reportOf(evicted.items, bytes + before - diskUsage(notes));
}

function fits(item: SizedItem, { conditions, before }: CachePrune): boolean {
  if (before !== undefined && Date.parse(item.lastUsedAt) > before) return false;
  const entry = entryOf(item);
  return conditions.every((condition) => holds(entry, condition));
}

const reportOf = (items: readonly SizedItem[], bytes: number): BuildCacheReport => ({
  entries: items.map(entryOf),
  bytes,
  keys: items.filter(({ type }) => type === 'regular').map(({ name }) => name),
});

function entryOf({ id, type, parents, createdAt, lastUsedAt, uses, description, inUse, shared, size }: SizedItem): CacheEntry {
  return { id, type, parents, createdAt, lastUsedAt, uses, description, inUse, shared, mutable: type === 'exec.cachemount', size };
}
