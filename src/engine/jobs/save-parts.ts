// What of an image goes into an archive: its manifest and its layers' blobs, byte for byte as the store has them. A new manifest is written
// only where it must be: for a format that knows no other than OCI's, and where a layer's blob is kept in another compression, because
// an image with the same layer came first.
import { statSync } from 'node:fs';
import type { ArchivedImage } from '../../oci/archive-documents.ts';
import { OCI_CONFIG, OCI_MANIFEST, ociLayerType } from '../../oci/media-types.ts';
import type { SavedImage } from '../../runtime/messages-archive.ts';
import { hasBlob, readBlob } from '../../storage/blob.ts';
import { digestOf } from '../../storage/digest.ts';
import { readImageRecord, readImageRecords } from '../../storage/image-record.ts';
import { blobPath } from '../../storage/layout.ts';
import type { ImageLayer, ImageRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';

export interface SavedParts extends ArchivedImage {
  manifestBytes: Buffer;
  configBytes: Buffer;
}

/** With `ociOnly` the manifest is OCI's. Throws ERR_NO_SUCH_IMAGE, ERR_BLOB_MISSING, ERR_BLOB_DAMAGED. */
export function savedParts(ctx: Ctx, { id, names, label }: SavedImage, { ociOnly }: { ociOnly: boolean }): SavedParts {
  const image = readImageRecord(ctx, id);
  if (!image) throw new EngineError('ERR_NO_SUCH_IMAGE', `No such image: ${id}`, { hint: 'It was removed meanwhile' });
  const layers = image.layers.map((layer) => storedLayer(ctx, image, layer));
  const configBytes = readBlob(ctx, id);
  const isUnchanged = layers.every((layer, index) => layer === image.layers[index]);
  if (isUnchanged && (!ociOnly || image.manifest.mediaType === OCI_MANIFEST)) {
    return { id, names, label, layers, configBytes, manifest: image.manifest, manifestBytes: readBlob(ctx, image.manifest.digest) };
  }
  const manifestBytes = manifestOf(configBytes, layers);
  const manifest = { mediaType: OCI_MANIFEST, digest: digestOf(manifestBytes), size: manifestBytes.length };
  return { id, names, label, layers, configBytes, manifest, manifestBytes };
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
