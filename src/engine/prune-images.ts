// `image prune`: images that nothing names, or with `all` those that no container is made of. Each is looked at again and dropped under the
// store lock, and one that a pull, a commit or a new container has claimed stays: none that came into use meanwhile goes. What only they
// reached is swept once, at the end.
import { familiarReference } from '../oci/reference.ts';
import { protectedDigests, withStoreLock } from '../storage/claim.ts';
import { listContainers, usesImage } from '../storage/container.ts';
import { recordEvent } from '../storage/events.ts';
import { readImageConfig } from '../storage/image.ts';
import { deleteImageRecord, readImageRecord, readImageRecords } from '../storage/image-record.ts';
import type { ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { recordImageEvent } from './image-events.ts';
import { dropOnly, isDigestReference, namesOfImage } from './image-names.ts';
import { chainIds, partsOfImage } from './image-parts.ts';
import type { PruneFilter } from './prune-filter.ts';
import { runJob } from './worker-client.ts';

export interface PruneImagesOptions {
  /** Named ones too, when no container is made of them. */
  all: boolean;
  filter: PruneFilter;
  dryRun?: boolean;
  /** What is gone by then; for a dry run. */
  absent?: { containers: string[]; volumes: string[]; cache?: string[] };
  /** Takes every leftover of the store with it, partial downloads too. */
  thorough?: boolean;
}

export interface PrunedImages {
  images: { untagged: string[]; deleted: string[] }[];
  /** Bytes on the disk. */
  reclaimed: number;
}

export async function pruneImages(ctx: Ctx, options: PruneImagesOptions): Promise<PrunedImages> {
  const { dryRun = false, thorough = false, absent = { containers: [], volumes: [] } } = options;
  const isMeant = imageTest(ctx, options);
  const candidates = readImageRecords(ctx).filter((image) => isMeant(image));
  candidates.sort((a, b) => (a.storedAt < b.storedAt ? -1 : 1));
  const dropped = candidates.flatMap((image) =>
    dryRun ? { image, names: namesOfImage(ctx, image.id) } : (drop(ctx, image.id, isMeant) ?? []),
  );
  const released = dropped.flatMap(({ image }) => partsOfImage(image));
  const without = dryRun ? { images: dropped.map(({ image }) => image.id), ...absent } : undefined;
  const { layers, bytes } = await runJob(ctx, { kind: 'sweep', released, thorough, measure: true, ...(without && { without }) });
  if (!dryRun) recordEvent(ctx, { Type: 'image', Action: 'prune', Actor: { ID: '', Attributes: { reclaimed: String(bytes) } } });
  const left = new Set(layers);
  const images = dropped.map(({ image, names }) => {
    const gone = chainIds(image).filter((_, at) => left.delete(image.layers[at]?.diffId ?? ''));
    return { untagged: names.map(familiarReference), deleted: [image.id, ...gone.reverse()] };
  });
  return { images, reclaimed: bytes };
}

function imageTest(ctx: Ctx, { all, filter, absent }: PruneImagesOptions): (image: ImageRecord) => boolean {
  const labels = (image: ImageRecord) => () => labelsOf(ctx, image);
  return (image) => {
    if (!all && (isNamed(ctx, image) || siblingsOf(ctx, image).some((one) => isNamed(ctx, one)))) return false;
    if (!filter.fits(image.created, labels(image))) return false;
    const users = listContainers(ctx).filter(({ record }) => usesImage(record, image.id));
    return users.every(({ record }) => absent?.containers.includes(record.Id)) && !protectedDigests(ctx).has(image.id);
  };
}

const isNamed = (ctx: Ctx, { id }: ImageRecord): boolean => namesOfImage(ctx, id).some((name) => !isDigestReference(name));

/** The images of the same index for other platforms: a name of one is a name of all. */
function siblingsOf(ctx: Ctx, { id, target, manifest }: ImageRecord): ImageRecord[] {
  if (target.digest === manifest.digest) return [];
  return readImageRecords(ctx).filter((other) => other.id !== id && other.target.digest === target.digest);
}

function drop(ctx: Ctx, id: string, isMeant: (image: ImageRecord) => boolean): { image: ImageRecord; names: string[] } | undefined {
  return withStoreLock(ctx, () => {
    const image = readImageRecord(ctx, id);
    if (!image || !isMeant(image)) return undefined;
    const names = namesOfImage(ctx, id);
    for (const name of names) dropOnly(ctx, id, name);
    deleteImageRecord(ctx, id);
    recordImageEvent(ctx, { action: 'delete', subject: id, name: id, imageId: id });
    return { image, names };
  });
}

function labelsOf(ctx: Ctx, image: ImageRecord): Record<string, string> | undefined {
  try {
    return readImageConfig(ctx, image.id).config?.Labels;
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}
