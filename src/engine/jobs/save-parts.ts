// What of an image goes into an archive: its manifest and its layers' blobs, byte for byte as the store has them. A new manifest is written
// only where it must be: for a format that knows no other than OCI's, and where a layer's blob is kept in another compression, because
// an image with the same layer came first.
import { statSync } from 'node:fs';
import type { ArchivedImage } from '../../oci/archive-documents.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, ociLayerType } from '../../oci/media-types.ts';
import type { SavedImage } from '../../runtime/messages-archive.ts';
import { hasBlob, readBlob } from '../../storage/blob.ts';
import { digestOf } from '../../storage/digest.ts';
import { readImageRecord, readImageRecords } from '../../storage/image-record.ts';
import { blobPath } from '../../storage/layout.ts';
import type { ImageLayer, ImageRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { wholeIndex } from '../whole-index.ts';

export interface SavedParts extends ArchivedImage {
  manifestBytes: Buffer;
  configBytes: Buffer;
  /** What else the index needs. */
  others: { digest: string; size: number; bytes?: Buffer }[];
}

/**
 * With `ociOnly` the manifest is OCI's. Of an image that came from an index the whole index goes where all of it is here, and with `single` never.
 * Throws ERR_NO_SUCH_IMAGE, ERR_BLOB_MISSING, ERR_BLOB_DAMAGED.
 */
export function savedParts(ctx: Ctx, { id, names, label }: SavedImage, options: { ociOnly: boolean; single: boolean }): SavedParts {
  const { ociOnly, single } = options;
  const image = readImageRecord(ctx, id);
  if (!image) throw new EngineError('ERR_NO_SUCH_IMAGE', `No such image: ${id}`, { hint: 'It was removed meanwhile' });
  const layers = image.layers.map((layer) => storedLayer(ctx, image, layer));
  const configBytes = readBlob(ctx, id);
  const isUnchanged = layers.every((layer, index) => layer === image.layers[index]);
  if (isUnchanged && (!ociOnly || image.manifest.mediaType === OCI_MANIFEST)) {
    const manifestBytes = readBlob(ctx, image.manifest.digest);
    const index = single ? undefined : indexOf(ctx, image, ociOnly);
    return { id, names, label, layers, configBytes, manifest: image.manifest, manifestBytes, others: [], ...index };
  }
  const manifestBytes = manifestOf(configBytes, layers);
  const manifest = { mediaType: OCI_MANIFEST, digest: digestOf(manifestBytes), size: manifestBytes.length };
  return { id, names, label, layers, configBytes, manifest, manifestBytes, others: [] };
}

function indexOf(ctx: Ctx, { target, manifest }: ImageRecord, ociOnly: boolean): Pick<SavedParts, 'index' | 'others'> | undefined {
  if (target.digest === manifest.digest || (ociOnly && target.mediaType !== OCI_INDEX)) return undefined;
  const index = wholeIndex(ctx, target);
  if (!index || (ociOnly && index.manifests.some(({ document }) => document.mediaType !== OCI_MANIFEST))) return undefined;
  const others = index.manifests.flatMap(({ descriptor, bytes, document }) => [
    { digest: descriptor.digest, size: bytes.length, bytes },
    ...[document.config, ...document.layers].map(({ digest, size }) => ({ digest, size })),
  ]);
  const { mediaType, digest } = target;
  return {
    index: { mediaType, digest, size: index.bytes.length },
    others: [...others, { digest, size: index.bytes.length, bytes: index.bytes }],
  };
}

/** An OCI manifest of a config and its layers. */
export function manifestOf(config: Uint8Array, layers: readonly ImageLayer[]): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: config.length },
      layers: layers.map(({ mediaType, digest, size }) => ({ mediaType: ociLayerType(mediaType), digest, size })),
    }),
  );
}

/** A blob with the layer's content that the store has whole: the image's own, else that of another image with the same layer. */
export function findLayerBlob(ctx: Ctx, diffId: string): ImageLayer | undefined {
  for (const { layers } of readImageRecords(ctx)) {
    const found = layers.find((layer) => layer.diffId === diffId && hasBlob(ctx, layer.digest, layer.size));
    if (found) return found;
  }
  return undefined;
}

function storedLayer(ctx: Ctx, image: ImageRecord, layer: ImageLayer): ImageLayer {
  if (hasBlob(ctx, layer.digest, layer.size)) return layer;
  const other = findLayerBlob(ctx, layer.diffId);
  if (other) return other;
  const what = statSync(blobPath(ctx, layer.digest), { throwIfNoEntry: false }) ? 'has not its full length' : 'is not in the store';
  throw new EngineError('ERR_BLOB_MISSING', `Cannot save the image "${image.id}": the blob "${layer.digest}" of a layer ${what}`, {
    hint: 'Pull the image again',
  });
}
