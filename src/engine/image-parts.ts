// What an image is made of, by digest, and how Docker calls its layers.
import type { ImageRecord } from '../storage/records.ts';

/** Digests of its blobs and diff-ids of its layers, each once. */
export function partsOfImage({ id, manifest, target, companions = [], layers }: ImageRecord): string[] {
  return [...new Set([id, manifest.digest, target.digest, ...companions, ...layers.flatMap(({ digest, diffId }) => [digest, diffId])])];
}

/** Docker names a layer by all that lies below it (image-spec, config.md, "Layer ChainID"). */
export function chainIds(image: ImageRecord): string[] {
  let chain = '';
  return image.layers.map(({ diffId }) => {
    chain = chain === '' ? diffId : `sha256:${new Bun.CryptoHasher('sha256').update(`${chain} ${diffId}`).digest('hex')}`;
    return chain;
  });
}
