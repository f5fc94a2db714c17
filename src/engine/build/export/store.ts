// The image in the store: documents first, then one sync, the records, and last the names. If we die before a record, what was made is garbage;
// after it the image is whole. Of several platforms each has a record; the name means the one for this machine, which keeps the others' parts.
import { fitsPlatform, hostPlatform } from '../../../oci/platform.ts';
import { familiarReference } from '../../../oci/reference.ts';
import { hasBlob, putBlob } from '../../../storage/blob.ts';
import { putImage, tagImage } from '../../../storage/image.ts';
import { readImageRecord, readReference } from '../../../storage/image-record.ts';
import type { ImageRecord } from '../../../storage/records.ts';
import { syncStore } from '../../../storage/sync.ts';
import type { Ctx } from '../../../sys/context.ts';
import { recordImageEvent } from '../../image-events.ts';
import type { BuildSite } from '../model.ts';
import { sizeOf } from './finish.ts';
import type { PreparedImage, PreparedSet } from './prepared.ts';

/** The image that a name of the set means on this machine. */
export function nativeImage({ images }: PreparedSet): PreparedImage {
  const found = images.find(({ platform }) => fitsPlatform(platform, hostPlatform())) ?? images[0];
  if (!found) throw new Error('A build without a platform');
  return found;
}

/** The record of an image, whether it is in the store or not. */
export function recordOf(ctx: Ctx, set: PreparedSet, image: PreparedImage): ImageRecord {
  const layers = image.layers.map(({ digest, diffId, mediaType, size }) => ({ digest, diffId, mediaType, size }));
  return {
    version: 1,
    id: image.id,
    manifest: image.manifest,
    target: set.target,
    platform: image.platform,
    layers,
    sizeBytes: sizeOf(ctx, image.layers),
    repoDigests: [],
    companions: image === nativeImage(set) && set.index ? companionsOf(set, image) : undefined,
    created: image.config.created ?? '',
    storedAt: ctx.now().toISOString(),
  };
}

/** Writes the documents of the set as blobs, protected by the build's claim. */
export function putDocuments({ ctx, hold }: Pick<BuildSite, 'ctx' | 'hold'>, { images, statements, index }: PreparedSet): void {
  const blobs = [
    ...images.flatMap(({ id, configBytes, manifest, manifestBytes }) => [
      { digest: id, bytes: configBytes },
      { digest: manifest.digest, bytes: manifestBytes },
    ]),
    ...statements.flatMap((one) => one.blobs),
    ...(index ? [{ digest: index.descriptor.digest, bytes: index.bytes }] : []),
  ];
  hold.protect(blobs.map(({ digest }) => digest));
  for (const { digest, bytes } of blobs) if (!hasBlob(ctx, digest, bytes.length)) putBlob(ctx, bytes);
}

/** Makes the set reachable. Documents and layers are there. Throws ERR_IMAGE_INCOMPLETE. */
export function storeSet({ ctx }: Pick<BuildSite, 'ctx'>, set: PreparedSet): void {
  const records = set.images.map((image) => recordOf(ctx, set, image)).filter((record) => !isStored(ctx, record));
  // `putImage` waits for the disk only where the image is new; an image that is known may have got other blobs.
  if (records.some(({ id }) => readImageRecord(ctx, id) !== undefined)) syncStore(ctx);
  for (const record of records) putImage(ctx, record);
}

/** Points canonical `name` at the image. */
export function nameImage(ctx: Ctx, name: string, id: string): void {
  if (readReference(ctx, name)?.id === id) return;
  tagImage(ctx, name, id);
  recordImageEvent(ctx, { action: 'tag', subject: id, name: familiarReference(name), imageId: id });
}

function isStored(ctx: Ctx, { id, manifest, target, companions = [] }: ImageRecord): boolean {
  const known = readImageRecord(ctx, id);
  const kept = new Set(known?.companions);
  return known?.manifest.digest === manifest.digest && known.target.digest === target.digest && companions.every((one) => kept.has(one));
}

/** Everything that the index needs besides the image itself. */
function companionsOf({ images, statements }: PreparedSet, own: PreparedImage): string[] {
  const others = images.filter((image) => image !== own);
  return [
    ...others.flatMap(({ id, manifest, layers }) => [manifest.digest, id, ...layers.map(({ digest }) => digest)]),
    ...statements.flatMap(({ blobs }) => blobs.map(({ digest }) => digest)),
  ];
}
