// The build cache as commands use it: what is in it, and removing from it. The work is a worker's, as it measures files that only root of the
// user's namespace may see.
import type { BuildCacheReport, CacheEntry, CachePrune } from '../runtime/messages-cache.ts';
import type { Ctx } from '../sys/context.ts';
import { holds } from './build/cache-condition.ts';
import type { CacheFilter } from './build-cache-filter.ts';
import { runJob } from './worker-client.ts';

export type { CacheEntry } from '../runtime/messages-cache.ts';

/** What the filter lets through, the one used last first. */
export async function listBuildCache(ctx: Ctx, { conditions, before = Number.POSITIVE_INFINITY }: CacheFilter): Promise<CacheEntry[]> {
  const { entries } = await runJob(ctx, { kind: 'build-cache' });
  return entries.filter((entry) => Date.parse(entry.lastUsedAt) <= before && conditions.every((condition) => holds(entry, condition)));
}

export interface PruneBuildCacheOptions {
  /** What images share, too. */
  all: boolean;
  filter: CacheFilter;
  limits?: CachePrune['limits'];
  dryRun?: boolean;
}

const NO_LIMITS = { reserved: 0, maxUsed: 0, minFree: 0 };

/** Removes what no build that runs has, and says what went and how much came free. */
export function pruneBuildCache(
  ctx: Ctx,
  { all, filter, limits = NO_LIMITS, dryRun = false }: PruneBuildCacheOptions,
): Promise<BuildCacheReport> {
  return runJob(ctx, { kind: 'build-cache', prune: { all, ...filter, limits, dryRun } });
}
