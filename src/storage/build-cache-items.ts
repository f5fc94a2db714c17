// What the build cache has, steps and cache mounts alike, as `builder du`, the prunes and the cap look at it. Without sizes: what tells them
// differs (all of the disk, or what was noted). A layer that several steps or an image have is counted once: images come first, then the step used last.
import type { Ctx } from '../sys/context.ts';
import { readCacheRecords } from './build-cache.ts';
import { listCacheMounts } from './build-cache-mounts.ts';
import type { BuiltLayer } from './build-cache-records.ts';
import { protectedDigests } from './claim.ts';
import { readImageRecords } from './image-record.ts';

export interface CacheItem {
  /** 25 digits, as BuildKit's ids are long. */
  id: string;
  /** Key of a step's record, or name of a mount's folder. */
  name: string;
  /** BuildKit's names. */
  type: 'regular' | 'exec.cachemount';
  parents: string[];
  /** RFC 3339. */
  createdAt: string;
  lastUsedAt: string;
  /** When it may be taken away: a step counts as used when one that was built on it is, so that what is built on others goes before them. */
  neededAt: number;
  uses: number;
  description: string;
  /** A build that runs has it. */
  inUse: boolean;
  /** An image has its layer, so that nothing comes free with it. */
  shared: boolean;
  /** The layer that counts as this item's own: no image has it, and no step that was used later. */
  layer?: BuiltLayer | undefined;
  /** Of a mount: bytes when it was last measured. */
  measured?: number | undefined;
}

/** Every item, the one used last first. */
export function cacheItems(ctx: Pick<Ctx, 'paths'>): CacheItem[] {
  return [...stepItems(ctx), ...mountItems(ctx)].sort((a, b) => b.neededAt - a.neededAt);
}

export const idOfKey = (key: string): string => key.slice(7, 32);

function stepItems(ctx: Pick<Ctx, 'paths'>): CacheItem[] {
  const busy = protectedDigests(ctx);
  const ofImages = new Set(readImageRecords(ctx).flatMap((image) => image.layers.map((layer) => layer.diffId)));
  const records = readCacheRecords(ctx).sort((a, b) => b.lastUsedAt.getTime() - a.lastUsedAt.getTime());
  const keys = new Set(records.map(({ record }) => record.key));
  const needed = neededTimes(new Map(records.map(({ record, lastUsedAt }) => [record.key, { parent: record.inputs.parent, lastUsedAt }])));
  const counted = new Set<string>();
  return records.map(({ record, lastUsedAt, uses }) => {
    const { key, layer, inputs } = record;
    const shared = layer !== undefined && ofImages.has(layer.diffId);
    const isOwn = layer !== undefined && !shared && !counted.has(layer.diffId);
    if (layer && isOwn) counted.add(layer.diffId);
    return {
      id: idOfKey(key),
      name: key,
      type: 'regular',
      parents: keys.has(inputs.parent) ? [idOfKey(inputs.parent)] : [],
      createdAt: record.createdAt,
      lastUsedAt: lastUsedAt.toISOString(),
      neededAt: needed.get(key) ?? lastUsedAt.getTime(),
      uses,
      description: record.description,
      inUse: layer !== undefined && busy.has(layer.diffId),
      shared,
      layer: isOwn ? layer : undefined,
    };
  });
}

/** Of each step the time at which it, or anything built on it, was used last, and a little more for each step in between. */
function neededTimes(steps: ReadonlyMap<string, { parent: string; lastUsedAt: Date }>): Map<string, number> {
  const needed = new Map<string, number>();
  // From each step down to its base; who passes a step that was needed later stops there. A circle, which only a damaged record can make, ends so too.
  for (const [key, { lastUsedAt }] of steps) {
    let time = lastUsedAt.getTime();
    for (let at = key; steps.has(at) && time > (needed.get(at) ?? 0); at = steps.get(at)?.parent ?? '') {
      needed.set(at, time);
      time += 0.001;
      if (time - lastUsedAt.getTime() > 1000) break;
    }
  }
  return needed;
}

function mountItems(ctx: Pick<Ctx, 'paths'>): CacheItem[] {
  return listCacheMounts(ctx).map(({ name, record, lastUsedAt, uses, inUse }) => ({
    id: idOfMount(name),
    name,
    type: 'exec.cachemount',
    parents: [],
    createdAt: record.createdAt,
    lastUsedAt: lastUsedAt.toISOString(),
    neededAt: lastUsedAt.getTime(),
    uses,
    description: `cache mount with id ${JSON.stringify(record.id)}`,
    inUse,
    shared: false,
    measured: record.size,
  }));
}

/** The further folders of a private one keep their number. */
function idOfMount(name: string): string {
  const [hash = '', number] = name.split('-');
  return number === undefined ? hash.slice(0, 25) : `${hash.slice(0, 24 - number.length)}x${number}`;
}
