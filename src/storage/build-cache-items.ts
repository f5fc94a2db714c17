// What the build cache has, steps and cache mounts alike, as `builder du`, the prunes and the cap look at it. Without sizes: what tells them
// differs (all of the disk, or what was noted). A layer that several steps or an image have is counted once: images come first, then the step used last.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { readCacheRecords } from './build-cache.ts';
import { listCacheMounts } from './build-cache-mounts.ts';
import type { BuiltLayer } from './build-cache-records.ts';
import { claimNames, isClaimed, protectedDigests } from './claim.ts';
import { readImageRecords } from './image-record.ts';
import { cacheUrlsDir } from './layout.ts';

/** Steps know no parents: what they were built on is a chain of layers, whichever steps made it. */
export interface CacheItem {
  /** 25 digits, as BuildKit's ids are long. */
  id: string;
  /** Key of a step's record, name of a mount's folder, or of a file that ADD fetched. */
  name: string;
  /** BuildKit's names, and one for what ADD fetched. */
  type: 'regular' | 'exec.cachemount' | 'source.http';
  parents: string[];
  /** RFC 3339. */
  createdAt: string;
  lastUsedAt: string;
  /** ms since 1970. */
  usedAt: number;
  uses: number;
  description: string;
  /** A build that runs has it. */
  inUse: boolean;
  /** An image has its layer, so that nothing comes free with it. */
  shared: boolean;
  /** The layer that counts as this item's own: no image has it, and no step that was used later. */
  layer?: BuiltLayer | undefined;
  /** Of a mount: bytes when it was last measured; of a file its size. */
  measured?: number | undefined;
}

/** Every item, the one used last first. */
export function cacheItems(ctx: Pick<Ctx, 'paths'>): CacheItem[] {
  return [...stepItems(ctx), ...mountItems(ctx), ...fileItems(ctx)].sort((a, b) => b.usedAt - a.usedAt);
}

export const idOfKey = (key: string): string => key.slice(7, 32);

function stepItems(ctx: Pick<Ctx, 'paths'>): CacheItem[] {
  const busy = protectedDigests(ctx);
  const ofImages = new Set(readImageRecords(ctx).flatMap((image) => image.layers.map((layer) => layer.diffId)));
  const records = readCacheRecords(ctx).sort((a, b) => b.lastUsedAt.getTime() - a.lastUsedAt.getTime());
  const counted = new Set<string>();
  return records.map(({ record, lastUsedAt, uses }) => {
    const { key, layer } = record;
    const shared = layer !== undefined && ofImages.has(layer.diffId);
    const isOwn = layer !== undefined && !shared && !counted.has(layer.diffId);
    if (layer && isOwn) counted.add(layer.diffId);
    return {
      id: idOfKey(key),
      name: key,
      type: 'regular',
      parents: [],
      createdAt: record.createdAt,
      lastUsedAt: lastUsedAt.toISOString(),
      usedAt: lastUsedAt.getTime(),
      uses,
      description: record.description,
      inUse: layer !== undefined && busy.has(layer.diffId),
      shared,
      layer: isOwn ? layer : undefined,
    };
  });
}

function mountItems(ctx: Pick<Ctx, 'paths'>): CacheItem[] {
  return listCacheMounts(ctx).map(({ name, record, lastUsedAt, uses, inUse }) => ({
    id: idOfMount(name),
    name,
    type: 'exec.cachemount',
    parents: [],
    createdAt: record.createdAt,
    lastUsedAt: lastUsedAt.toISOString(),
    usedAt: lastUsedAt.getTime(),
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

/** A build does not say which files it has: while one runs, none goes. */
function fileItems(ctx: Pick<Ctx, 'paths'>): CacheItem[] {
  const names = fetchedFiles(ctx);
  const inUse = names.length > 0 && claimNames(ctx).some((name) => name.startsWith('build-') && isClaimed(ctx, name));
  return names.flatMap((name) => {
    const found = statSync(join(cacheUrlsDir(ctx), name), { throwIfNoEntry: false });
    if (!found) return [];
    return [
      {
        id: name.slice('data-'.length, 'data-'.length + 25),
        name,
        type: 'source.http' as const,
        parents: [],
        createdAt: found.birthtime.toISOString(),
        lastUsedAt: found.mtime.toISOString(),
        usedAt: found.mtimeMs,
        uses: 1,
        description: 'file that ADD fetched',
        inUse,
        shared: false,
        measured: found.size,
      },
    ];
  });
}

function fetchedFiles(ctx: Pick<Ctx, 'paths'>): string[] {
  try {
    return readdirSync(cacheUrlsDir(ctx)).filter((name) => /^data-[0-9a-f]{64}$/.test(name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
