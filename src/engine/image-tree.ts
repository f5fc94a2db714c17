// What `images --tree` shows: each image with the platforms of the index that it came from. Those that are kept here have a size; the others are
// named, so that a user sees what else there is to pull. An index that cannot be read has no platforms to show.
import { type Index, parseManifest } from '../oci/manifest.ts';
import { formatPlatform, isAttestation } from '../oci/platform.ts';
import { hasBlob, readBlob } from '../storage/blob.ts';
import { listContainers, usesImage } from '../storage/container.ts';
import { readImageRecords } from '../storage/image-record.ts';
import { readLayer } from '../storage/layer.ts';
import type { ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import type { ListedImageView } from './list-images.ts';

export interface Weight {
  /** Bytes of files, unpacked and compressed. */
  diskUsage: number;
  /** Bytes of what a registry would be sent. */
  contentSize: number;
  isUsed: boolean;
}

export interface ImageTree extends Weight {
  names: string[];
  id: string;
  platforms: PlatformBranch[];
}

export interface PlatformBranch {
  platform: string;
  /** Digest of its manifest. */
  id: string;
  /** What of it is kept; undefined: nothing. */
  here?: Weight | undefined;
}

/** Images of one index are one tree, under the names that any of them has. */
export function imageTrees(ctx: Ctx, images: readonly ListedImageView[]): ImageTree[] {
  const containers = listContainers(ctx);
  const all = images.every(({ image }) => isAlone(image)) ? [] : readImageRecords(ctx);
  const isNamed = ({ tags, digests }: ListedImageView): boolean => tags.length + digests.length > 0;
  const named = new Set(images.filter(isNamed).map(({ image }) => image.target.digest));
  const shown = images.filter((view) => isNamed(view) || isAlone(view.image) || !named.has(view.image.target.digest));
  return shown.map((view) => {
    const { image, tags, digests } = view;
    const siblings = isAlone(image) ? [] : all.filter(({ id, target }) => id !== image.id && target.digest === image.target.digest);
    const kept = [image, ...siblings].map((one) => ({ one, weight: weightOf(one) }));
    const sum = (what: 'diskUsage' | 'contentSize'): number => kept.reduce((total, { weight }) => total + weight[what], 0);
    return {
      names: tags.length > 0 ? tags : digests,
      id: image.id,
      diskUsage: sum('diskUsage'),
      contentSize: sum('contentSize'),
      isUsed: kept.some(({ weight }) => weight.isUsed),
      platforms: platformsOf(ctx, image, new Map(kept.map(({ one, weight }) => [one.manifest.digest, weight]))),
    };
  });

  function weightOf(image: ImageRecord): Weight {
    const contentSize = sizeOfContent(ctx, image);
    const unpacked = image.layers.reduce((sum, { diffId }) => sum + (readLayer(ctx, diffId)?.sizeBytes ?? 0), 0);
    return { diskUsage: unpacked + contentSize, contentSize, isUsed: containers.some(({ record }) => usesImage(record, image.id)) };
  }
}

/** It came from no index. */
const isAlone = ({ target, manifest }: ImageRecord): boolean => target.digest === manifest.digest;

function sizeOfContent(ctx: Ctx, { manifest, layers, id }: ImageRecord): number {
  const config = hasBlob(ctx, id) ? readBlob(ctx, id).length : 0;
  return layers.reduce((sum, { digest, size }) => sum + (hasBlob(ctx, digest) ? size : 0), manifest.size + config);
}

function platformsOf(ctx: Ctx, { target, manifest, platform }: ImageRecord, kept: ReadonlyMap<string, Weight>): PlatformBranch[] {
  const own = { platform: formatPlatform(platform), id: manifest.digest, here: kept.get(manifest.digest) };
  const entries = readIndex(ctx, target.digest, target.mediaType)?.manifests ?? [];
  const others = entries.flatMap((entry) =>
    entry.platform && !isAttestation(entry)
      ? [{ platform: formatPlatform(entry.platform), id: entry.digest, here: kept.get(entry.digest) }]
      : [],
  );
  return others.some(({ id }) => id === manifest.digest) ? others : [own, ...others];
}

function readIndex(ctx: Ctx, digest: string, headerType: string): Index | undefined {
  try {
    const document = parseManifest(readBlob(ctx, digest), { headerType, name: digest });
    return document.kind === 'index' ? document : undefined;
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}
