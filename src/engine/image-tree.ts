// What `images --tree` shows: each image with the platforms of the index that it came from. One of them is kept here; the others are named,
// so that a user sees what else there is to pull. An index that cannot be read has no platforms to show.
import { type Index, parseManifest } from '../oci/manifest.ts';
import { formatPlatform, isAttestation } from '../oci/platform.ts';
import { hasBlob, readBlob } from '../storage/blob.ts';
import { listContainers, usesImage } from '../storage/container.ts';
import { readLayer } from '../storage/layer.ts';
import type { ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import type { ListedImageView } from './list-images.ts';

export interface ImageTree {
  names: string[];
  id: string;
  /** Bytes of files, unpacked and compressed. */
  diskUsage: number;
  /** Bytes of what a registry would be sent. */
  contentSize: number;
  isUsed: boolean;
  platforms: PlatformBranch[];
}

export interface PlatformBranch {
  platform: string;
  /** Digest of its manifest. */
  id: string;
  /** Whether it is the one that is kept. */
  isHere: boolean;
}

export function imageTrees(ctx: Ctx, images: readonly ListedImageView[]): ImageTree[] {
  const containers = listContainers(ctx);
  return images.map(({ image, tags, digests }) => {
    const contentSize = sizeOfContent(ctx, image);
    const unpacked = image.layers.reduce((sum, { diffId }) => sum + (readLayer(ctx, diffId)?.sizeBytes ?? 0), 0);
    return {
      names: tags.length > 0 ? tags : digests,
      id: image.id,
      diskUsage: unpacked + contentSize,
      contentSize,
      isUsed: containers.some(({ record }) => usesImage(record, image.id)),
      platforms: platformsOf(ctx, image),
    };
  });
}

function sizeOfContent(ctx: Ctx, { manifest, layers, id }: ImageRecord): number {
  const config = hasBlob(ctx, id) ? readBlob(ctx, id).length : 0;
  return layers.reduce((sum, { digest, size }) => sum + (hasBlob(ctx, digest) ? size : 0), manifest.size + config);
}

function platformsOf(ctx: Ctx, { target, manifest, platform }: ImageRecord): PlatformBranch[] {
  const own = { platform: formatPlatform(platform), id: manifest.digest, isHere: true };
  const entries = readIndex(ctx, target.digest, target.mediaType)?.manifests ?? [];
  const others = entries.flatMap((entry) =>
    entry.platform && !isAttestation(entry)
      ? [{ platform: formatPlatform(entry.platform), id: entry.digest, isHere: entry.digest === manifest.digest }]
      : [],
  );
  return others.some(({ isHere }) => isHere) ? others : [own, ...others];
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
