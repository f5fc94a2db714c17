// What a push of an image sends: manifests as they are stored, byte for byte, and the blobs that they name. Of an image that came from an index
// mostly one platform is stored: then its manifest alone is pushed, as Docker does. The whole index goes if all that it names is here.
// Every blob is opened at once, so that a removal meanwhile takes nothing away.
import { type Index, type Manifest, parseManifest } from '../oci/manifest.ts';
import { isForeignLayerType } from '../oci/media-types.ts';
import { readBlob } from '../storage/blob.ts';
import { type BlobSource, openBlobSource } from '../storage/blob-source.ts';
import { readImageConfig } from '../storage/image.ts';
import type { Descriptor, ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { wholeIndex } from './whole-index.ts';

export interface PlannedManifest {
  digest: string;
  mediaType: string;
  bytes: Buffer;
}

export interface PlannedBlob {
  digest: string;
  size: number;
  /** Of a layer: twelve digits of its diff-id, by which Docker speaks of it. */
  layer?: string | undefined;
  /** It may not be distributed, and lies elsewhere by its own account. */
  isForeign: boolean;
  /** undefined: it is not in the store. */
  source: BlobSource | undefined;
}

export interface PushPlan {
  /** The last is what the tag will name; the others are named by it. */
  manifests: PlannedManifest[];
  /** Each once; layers as Docker lists them, the top one first. */
  blobs: PlannedBlob[];
  close(): void;
}

/** Throws ERR_BLOB_MISSING and ERR_BLOB_DAMAGED for manifests and configs; a layer that is missing may be at the registry. */
export function planPush(ctx: Ctx, image: ImageRecord, { single }: { single: boolean }): PushPlan {
  const index = single ? undefined : wholeIndex(ctx, image.target);
  const children = index ? index.manifests.map(({ descriptor }) => descriptor) : [image.manifest];
  const blobs = new Map<string, PlannedBlob>();
  const manifests = children.map((child) => plan(child));
  if (index) manifests.push(stored(ctx, image.target));
  return { manifests, blobs: [...blobs.values()], close };

  function plan(descriptor: Descriptor): PlannedManifest {
    const manifest = stored(ctx, descriptor);
    const { config, layers } = imageManifest(manifest);
    const diffIds = diffIdsOf(ctx, config);
    for (const [position, layer] of [...layers.entries()].reverse()) add(layer, diffIds[position] ?? layer.digest);
    add(config);
    return manifest;
  }

  function add(descriptor: Descriptor, id?: string): void {
    const { digest, size, mediaType, urls } = descriptor;
    if (blobs.has(digest)) return;
    const isForeign = isForeignLayerType(mediaType) && (urls?.length ?? 0) > 0;
    blobs.set(digest, { digest, size, layer: id?.slice(7, 19), isForeign, source: isForeign ? undefined : openIfThere(ctx, digest) });
  }

  function close(): void {
    for (const { source } of blobs.values()) source?.close();
  }
}

function stored(ctx: Ctx, { digest, mediaType }: Descriptor): PlannedManifest {
  const manifest = { digest, mediaType, bytes: readBlob(ctx, digest) };
  return { ...manifest, mediaType: parsed(manifest).mediaType };
}

const parsed = ({ bytes, digest, mediaType }: PlannedManifest): Index | Manifest =>
  parseManifest(bytes, { headerType: mediaType, name: digest });

function imageManifest(manifest: PlannedManifest): Manifest {
  const document = parsed(manifest);
  if (document.kind === 'manifest') return document;
  throw new EngineError('ERR_MANIFEST_INVALID', `Cannot push "${manifest.digest}": it is an index where a manifest was expected`);
}

/** What is no image's config, an artifact's for instance, names none. */
function diffIdsOf(ctx: Ctx, config: Descriptor): string[] {
  try {
    return readImageConfig(ctx, config.digest).rootfs.diff_ids;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof EngineError && error.code === 'ERR_IMAGE_CONFIG')) return [];
    throw error;
  }
}

function openIfThere(ctx: Ctx, digest: string): BlobSource | undefined {
  try {
    return openBlobSource(ctx, digest);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ERR_BLOB_MISSING') return undefined;
    throw error;
  }
}
