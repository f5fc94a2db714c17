// `localhost/hello`, the image that the executable carries, so that the first `run` needs no registry. Its blobs are loaded only when
// that name is asked for and is not in the store; then it becomes an image like any other, which can be tagged and removed.
// Like every unpacking, `installEmbeddedImage` belongs in the user's namespace: the layer's owner is root there.
import type { Ctx } from '../sys/context.ts';
import { hasBlob, putBlob } from './blob.ts';
import { claim } from './claim.ts';
import { digestOf } from './digest.ts';
import { EMBEDDED_REFERENCE } from './embedded-reference.ts';
import { putImage, tagImage } from './image.ts';
import { hasLayer } from './layer.ts';
import type { Descriptor, ImageConfig, ImageRecord } from './records.ts';
import { createUnpacker } from './unpack.ts';

export interface EmbeddedImage {
  /** Canonical. */
  reference: string;
  manifest: Buffer;
  config: Buffer;
  layer: Buffer;
}

/** The image of that canonical reference, if the executable carries it for `architecture` (`amd64`, `arm64`). */
export async function embeddedImageFor(reference: string, architecture = ownArchitecture()): Promise<EmbeddedImage | undefined> {
  if (reference !== EMBEDDED_REFERENCE) return undefined;
  const { embeddedImages } = await import('./embedded-image.generated.ts');
  const encoded = embeddedImages[architecture];
  if (encoded === undefined) return undefined;
  const decode = (text: string) => Buffer.from(text, 'base64');
  return { reference, manifest: decode(encoded.manifest), config: decode(encoded.config), layer: decode(encoded.layer) };
}

/** Stores the image under its reference and returns its record. Any number may do so at once. */
export function installEmbeddedImage(ctx: Ctx, image: EmbeddedImage): ImageRecord {
  const record = recordOf(ctx, image);
  const hold = claim(ctx, `embedded-image-${process.pid}`);
  try {
    hold?.protect([record.id, record.manifest.digest, ...record.layers.flatMap((layer) => [layer.digest, layer.diffId])]);
    for (const blob of [image.config, image.manifest, image.layer]) if (!hasBlob(ctx, digestOf(blob))) putBlob(ctx, blob);
    for (const layer of record.layers) if (!hasLayer(ctx, layer.diffId)) unpack(ctx, image.layer, layer);
    putImage(ctx, record);
    tagImage(ctx, image.reference, record.id);
    return record;
  } finally {
    hold?.release();
  }
}

function recordOf(ctx: Ctx, image: EmbeddedImage): ImageRecord {
  const manifest: { layers: Descriptor[] } = JSON.parse(image.manifest.toString());
  const config: ImageConfig = JSON.parse(image.config.toString());
  const target: Descriptor = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(image.manifest),
    size: image.manifest.length,
  };
  return {
    version: 1,
    id: digestOf(image.config),
    manifest: target,
    target,
    platform: { os: config.os, architecture: config.architecture },
    layers: manifest.layers.map((layer) => ({ ...layer, diffId: layer.digest })), // uncompressed: both digests are one
    sizeBytes: image.layer.length,
    repoDigests: [],
    created: config.created ?? '',
    storedAt: ctx.now().toISOString(),
  };
}

function unpack(ctx: Ctx, tar: Uint8Array, layer: ImageRecord['layers'][number]): void {
  const unpacker = createUnpacker(ctx, { mediaType: layer.mediaType, diffId: layer.diffId });
  unpacker.write(tar);
  unpacker.end();
}

function ownArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}
