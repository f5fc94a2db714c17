// `system prune`: containers that are down, then the networks, the anonymous volumes and the images that nothing uses any more, the build cache that no image
// shares, and every leftover of commands that were killed. Each step looks anew at what the one before has left; a dry run thinks away what it would have removed.

import type { BuildCacheReport } from '../runtime/messages-cache.ts';
import { detachUnusedVolumes } from '../storage/volume-users.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { pruneBuildCache } from './build-cache.ts';
import { pruneContainers } from './prune-containers.ts';
import type { PruneFilter } from './prune-filter.ts';
import { type PrunedImages, pruneImages } from './prune-images.ts';
import { pruneNetworks } from './prune-networks.ts';
import { unusedVolumes } from './remove-volume.ts';
import { trashFor } from './trash.ts';
import { runJob } from './worker-client.ts';

export interface PruneSystemOptions {
  /** Every image that no container is made of. */
  all: boolean;
  /** Anonymous volumes, too. */
  volumes: boolean;
  filter: PruneFilter;
  dryRun: boolean;
}

export interface PrunedSystem {
  containers: string[];
  networks: string[];
  volumes: string[];
  images: PrunedImages['images'];
  /** Ids of build cache entries. */
  cache: string[];
  /** Bytes, those of the volumes among them. */
  reclaimed: number;
  /** The volumes went to the trash. */
  isVolumesKept: boolean;
}

/** Throws ERR_BAD_FILTER where a filter cannot be had with the volumes. */
export function checkPruneSystem({ volumes, filter }: Pick<PruneSystemOptions, 'volumes' | 'filter'>): void {
  if (!volumes || !filter.filters.has('until')) return;
  throw new EngineError('ERR_BAD_FILTER', 'The "until" filter is not supported with "--volumes"', {
    hint: 'A volume does not tell when it was last used: prune without --volumes',
  });
}

export async function pruneSystem(ctx: Ctx, options: PruneSystemOptions): Promise<PrunedSystem> {
  checkPruneSystem(options);
  const { all, filter, dryRun } = options;
  const containers = await pruneContainers(ctx, filter, { dryRun });
  const gone = dryRun ? containers.deleted : [];
  const networks = await pruneNetworks(ctx, filter, { dryRun, absent: gone });
  const keptIn = options.volumes && !dryRun ? trashFor(ctx) : undefined;
  const wanted = options.volumes ? unusedVolumes(ctx, { all: false, filter, gone }) : [];
  const { sizes } =
    keptIn === undefined || wanted.length === 0 ? { sizes: {} } : await runJob(ctx, { kind: 'volume-sizes', names: wanted });
  // Without a trash their folders lie in tmp/ then: the sweep of the images measures and deletes them.
  const volumes = dryRun ? wanted : [...detachUnusedVolumes(ctx, wanted, { keptIn }).keys()];
  const kept = volumes.reduce((total, name) => total + (sizes[name] ?? 0), 0);
  const foreseen = dryRun ? await pruneCache(ctx, options) : undefined;
  const absent = { containers: gone, volumes: dryRun ? volumes : [], cache: foreseen?.keys ?? [] };
  const { images, reclaimed } = await pruneImages(ctx, { all, filter, dryRun, absent, thorough: true });
  const cache = foreseen ?? (await pruneCache(ctx, options));
  return {
    containers: containers.deleted,
    networks,
    volumes,
    images,
    cache: cache.entries.map(({ id }) => id),
    reclaimed: containers.reclaimed + reclaimed + kept + cache.bytes,
    isVolumesKept: keptIn !== undefined && volumes.length > 0,
  };
}

/** The cache has no labels: a filter that asks for one leaves it alone. */
async function pruneCache(
  ctx: Ctx,
  { all, filter, dryRun }: PruneSystemOptions,
): Promise<Pick<BuildCacheReport, 'entries' | 'bytes' | 'keys'>> {
  if (filter.filters.has('label') || filter.filters.has('label!')) return { entries: [], bytes: 0, keys: [] };
  return pruneBuildCache(ctx, { all, filter: { conditions: [], before: filter.latestMs }, dryRun });
}
