// An image's record made again from its blobs, where the file is lost and references still name it: the manifest that names the config, the
// index that names the manifest. The repositories it came from are not in the blobs; its references tell of those that matter.
import { statSync } from 'node:fs';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { readBlob } from './blob.ts';
import { storedBlobs } from './garbage.ts';
import { readImageConfig } from './image.ts';
import { readLayer } from './layer.ts';
import { blobPath } from './layout.ts';
import type { Descriptor, ImageRecord } from './records.ts';

interface Document {
  mediaType?: string;
  config?: Partial<Descriptor>;
  layers?: Partial<Descriptor>[];
  manifests?: Partial<Descriptor>[];
}

/** Manifests are no larger than registries take them. */
const LARGEST_MANIFEST = 4 << 20;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

/** The record, or undefined when the blobs that it can be told from are not here. */
export function rebuildRecord(ctx: Pick<Ctx, 'paths' | 'now'>, id: string): ImageRecord | undefined {
  try {
    const config = readImageConfig(ctx, id);
    const documents = readDocuments(ctx);
    const found = documents.find(({ document }) => document.config?.digest === id);
    const layers = found?.document.layers ?? [];
    const diffIds = config.rootfs.diff_ids;
    if (!found || layers.length !== diffIds.length) return undefined;
    const manifest = descriptorOf(found, MANIFEST);
    const index = documents.find(({ document }) => document.manifests?.some(({ digest }) => digest === manifest.digest));
    return {
      version: 1,
      id,
      manifest,
      target: index ? descriptorOf(index, INDEX) : manifest,
      platform: { os: config.os, architecture: config.architecture, ...(config.variant ? { variant: config.variant } : {}) },
      layers: layers.map(({ digest = '', mediaType = '', size = 0 }, at) => ({ digest, mediaType, size, diffId: diffIds[at] ?? '' })),
      sizeBytes: diffIds.reduce((sum, diffId) => sum + (readLayer(ctx, diffId)?.sizeBytes ?? 0), 0),
      repoDigests: [],
      created: config.created ?? '',
      storedAt: ctx.now().toISOString(),
    };
  } catch (error) {
    if (error instanceof EngineError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

interface Found {
  document: Document;
  digest: string;
  size: number;
}

const descriptorOf = ({ document, digest, size }: Found, type: string): Descriptor => ({
  mediaType: document.mediaType ?? type,
  digest,
  size,
});

function readDocuments(ctx: Pick<Ctx, 'paths'>): Found[] {
  return storedBlobs(ctx).flatMap((digest) => {
    const size = statSync(blobPath(ctx, digest), { throwIfNoEntry: false })?.size ?? 0;
    const document = size > LARGEST_MANIFEST ? undefined : readDocument(ctx, digest);
    return document ? [{ document, digest, size }] : [];
  });
}

function readDocument(ctx: Pick<Ctx, 'paths'>, digest: string): Document | undefined {
  try {
    const bytes = readBlob(ctx, digest);
    // Most small blobs are compressed layers: no JSON begins so.
    const value: unknown = bytes[0] === 0x7b ? JSON.parse(bytes.toString()) : undefined;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
