// Whether a layer of an image is here, blob and folder.
import type { Ctx } from '../sys/context.ts';
import { hasBlob } from './blob.ts';
import { hasLayer } from './layer.ts';
import type { ImageLayer } from './records.ts';

/**
 * Whether nothing of the layer need be fetched. What is needed to run is its folder; its blob is for whoever pushes or saves it, and the folder may
 * have come of another blob, compressed otherwise.
 */
export function isStored(ctx: Pick<Ctx, 'paths' | 'env'>, { digest, diffId, size }: ImageLayer): boolean {
  return hasLayer(ctx, diffId) && hasBlob(ctx, digest, size);
}
