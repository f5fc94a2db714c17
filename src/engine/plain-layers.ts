// Which layers of an image a push compresses first. Apart from the compressing (compress-image.ts), which most pushes need none of.
import { compressedLayerType } from '../oci/media-types.ts';
import { hasBlob } from '../storage/blob.ts';
import type { ImageLayer, ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';

/** Empty for an image that a registry or an index knows: its digest would change. */
export function plainLayers(ctx: Pick<Ctx, 'paths'>, image: ImageRecord): ImageLayer[] {
  if (image.repoDigests.length > 0 || image.target.digest !== image.manifest.digest) return [];
  return image.layers.filter((layer) => compressedLayerType(layer.mediaType) !== undefined && hasBlob(ctx, layer.digest, layer.size));
}
