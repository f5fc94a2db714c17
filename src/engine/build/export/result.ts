// What a build tells of its result: the ids, and what `--metadata-file` has, under buildx's keys.
import { formatPlatform } from '../../../oci/platform.ts';
import { digestOf } from '../../../storage/digest.ts';
import type { BuildResult } from '../model.ts';
import type { FinishedImage, PreparedSet } from './prepared.ts';
import { nativeImage } from './store.ts';

export interface Exported {
  set: PreparedSet;
  /** Canonical. */
  names: string[];
  isStored: boolean;
}

export function resultOf(exported: readonly Exported[], finished: readonly FinishedImage[]): BuildResult {
  // Of several outputs the one that is in the store tells what the image is.
  const main = exported.find(({ isStored }) => isStored) ?? exported[0];
  const images = finished.map(({ config, platform }) => ({
    id: digestOf(Buffer.from(JSON.stringify(config))),
    platform: formatPlatform(platform),
  }));
  if (!main) return { images, metadata: {} };
  const { set, names } = main;
  const { target, index } = set;
  const { id, config } = nativeImage(set);
  return {
    id,
    digest: target.digest,
    images: set.images.map((image) => ({ id: image.id, platform: formatPlatform(image.platform) })),
    metadata: {
      ...(index ? {} : { 'containerimage.config.digest': id }),
      'containerimage.descriptor': {
        mediaType: target.mediaType,
        digest: target.digest,
        size: target.size,
        ...(index ? {} : { annotations: { 'config.digest': id, 'org.opencontainers.image.created': config.created ?? '' } }),
        ...(index ? {} : { platform: set.images[0]?.platform }),
      },
      'containerimage.digest': target.digest,
      ...(names.length > 0 ? { 'image.name': names.join(',') } : {}),
    },
  };
}
