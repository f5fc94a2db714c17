// What the store takes of the disk, as `system df` shows it. The measuring is a worker's, who may look into every folder; what belongs to whom
// and what could be had back is worked out here: of images, all that neither a container nor an image of one reaches.

import type { UsageReport } from '../runtime/messages-work.ts';
import { type CacheItem, cacheItems } from '../storage/build-cache-items.ts';
import { layersUsed, listContainers, usesImage } from '../storage/container.ts';
import type { VolumeRecord } from '../storage/records.ts';
import { listRemovals, type Removal } from '../storage/trash.ts';
import { listVolumes } from '../storage/volume.ts';
import type { Ctx } from '../sys/context.ts';
import { partsOfImage } from './image-parts.ts';
import { type ListedContainer, listContainerViews } from './list-containers.ts';
import { type ListedImageView, listImageViews } from './list-images.ts';
import { runJob } from './worker-client.ts';

/** Bytes everywhere. */
export interface Totals {
  count: number;
  active: number;
  size: number;
  reclaimable: number;
}

export interface ImageUsage extends ListedImageView {
  size: number;
  /** What other images have, too. */
  shared: number;
  containers: number;
}

export interface DiskUsage {
  images: Totals & { items: ImageUsage[] };
  containers: Totals & { items: (ListedContainer & { size: { sizeRw: number; sizeRootFs: number } })[] };
  volumes: Totals & { items: { volume: VolumeRecord; links: number; size: number }[] };
  /** Removed volumes that can be brought back. */
  trash: Totals & { items: (Removal & { size: number })[] };
  cache: Totals & { items: CacheUsage[] };
}

export interface CacheUsage extends CacheItem {
  /** What comes free with it. */
  size: number;
}

export async function measureSystem(ctx: Ctx): Promise<DiskUsage> {
  const usage = await runJob(ctx, { kind: 'usage' });
  const cache = cacheOf(ctx, usage);
  return {
    images: imagesOf(ctx, usage, cache),
    containers: containersOf(ctx, usage),
    volumes: volumesOf(ctx, usage),
    trash: trashOf(ctx, usage),
    cache,
  };
}

function imagesOf(ctx: Ctx, { images: all, leftovers, parts }: UsageReport, cache: DiskUsage['cache']): DiskUsage['images'] {
  // Layers that only the build cache has are its own.
  const layers = cache.items.flatMap(({ layer }) => (layer ? [layer] : []));
  const cached = new Set(layers.flatMap(({ digest, diffId }) => [digest, diffId]));
  const containers = listContainers(ctx).map(({ record }) => record);
  const views = listImageViews(ctx);
  const owners = new Map<string, number>();
  for (const { image } of views) for (const part of partsOfImage(image)) owners.set(part, (owners.get(part) ?? 0) + 1);
  const bytes = (part: string): number => (parts.blobs[part] ?? 0) + (parts.layers[part] ?? 0);
  const items = views.map((view) => ({
    ...view,
    size: total(partsOfImage(view.image).map(bytes)),
    shared: total(partsOfImage(view.image).map((part) => ((owners.get(part) ?? 0) > 1 ? bytes(part) : 0))),
    containers: containers.filter((record) => usesImage(record, view.image.id)).length,
  }));
  const active = items.filter((item) => item.containers > 0);
  const needed = new Set([...active.flatMap(({ image }) => partsOfImage(image)), ...containers.flatMap(layersUsed)]);
  const stored = new Set([...Object.keys(parts.blobs), ...Object.keys(parts.layers)]);
  const unneeded = [...stored].filter((part) => !needed.has(part) && !cached.has(part));
  const size = all - total([...cached].map(bytes));
  const reclaimable = needed.size === 0 ? size : leftovers + total(unneeded.map(bytes));
  return { count: views.length, active: active.length, size, reclaimable, items };
}

function containersOf(ctx: Ctx, { containers: size, parts }: UsageReport): DiskUsage['containers'] {
  const items = listContainerViews(ctx, { all: true }).map((view) => ({
    ...view,
    size: { sizeRw: parts.containers[view.record.Id] ?? 0, sizeRootFs: 0 },
  }));
  const down = items.filter(({ state: { Status } }) => Status !== 'running' && Status !== 'paused' && Status !== 'restarting');
  const reclaimable = ofWhole(total(down.map((item) => item.size.sizeRw)), { size, parts: parts.containers });
  return { count: items.length, active: items.length - down.length, size, reclaimable, items };
}

function volumesOf(ctx: Ctx, { volumes: size, parts }: UsageReport): DiskUsage['volumes'] {
  const mounts = listContainers(ctx).map(
    ({ record }) => new Set(record.Mounts.flatMap(({ Type, Name }) => (Type === 'volume' ? [Name] : []))),
  );
  const items = listVolumes(ctx).map((volume) => ({
    volume,
    links: mounts.filter((names) => names.has(volume.Name)).length,
    size: parts.volumes[volume.Name] ?? 0,
  }));
  const unused = items.filter(({ links }) => links === 0);
  const reclaimable = ofWhole(total(unused.map((item) => item.size)), { size, parts: parts.volumes });
  return { count: items.length, active: items.length - unused.length, size, reclaimable, items };
}

function trashOf(ctx: Ctx, { trash: size, parts }: UsageReport): DiskUsage['trash'] {
  const items = listRemovals(ctx).map((removal) => ({ ...removal, size: parts.trash[removal.id] ?? 0 }));
  return { count: total(items.map(({ volumes }) => volumes.length)), active: 0, size, reclaimable: size, items };
}

/** Who takes every part takes the whole, with the folder that they lie in. */
const ofWhole = (taken: number, { size, parts }: { size: number; parts: Readonly<Record<string, number>> }): number =>
  taken > 0 && taken === total(Object.values(parts)) ? size : taken;

function cacheOf(ctx: Ctx, { cache: folder, parts }: UsageReport): DiskUsage['cache'] {
  const items = cacheItems(ctx).map((item) => ({ ...item, size: sizeOf(item) }));
  const layers = total(items.map(({ layer, size }) => (layer ? size : 0)));
  const active = items.filter(({ inUse }) => inUse);
  const reclaimable = total(items.map(({ inUse, size }) => (inUse ? 0 : size)));
  return { count: items.length, active: active.length, size: layers + folder, reclaimable, items };

  function sizeOf({ layer, name, type, measured = 0 }: CacheItem): number {
    if (type === 'source.http') return measured;
    return layer ? (parts.blobs[layer.digest] ?? 0) + (parts.layers[layer.diffId] ?? 0) : (parts.mounts[name] ?? 0);
  }
}

const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);
