// What --cache-from names, as records by key. Only documents are read: layers stay where they are until a step wants them. A cache that is not there or
// cannot be read is a warning and no more, for the first build of a branch has none yet.
import { ociLayerType } from '../../../oci/media-types.ts';
import type { BuiltLayer } from '../../../storage/build-cache-records.ts';
import type { Ctx } from '../../../sys/context.ts';
import { messageOf } from '../../../sys/errors.ts';
import type { CacheRecord, CacheSpec } from '../model.ts';
import { CACHE_CONFIG, type ConfigRecord, INLINE_FIELD, parseConfig, parseInline } from './config.ts';
import { folderSource } from './folder.ts';
import type { CacheDocument, CacheSource } from './place.ts';
import { registrySource } from './registry.ts';

export interface RemoteRecord {
  record: CacheRecord;
  source: CacheSource;
}

export interface ImportOptions {
  tlsVerify?: boolean | undefined;
  signal: AbortSignal;
}

interface Descriptor {
  mediaType?: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
  platform?: unknown;
}

interface Document {
  mediaType?: string;
  config?: Descriptor;
  layers?: Descriptor[];
  manifests?: Descriptor[];
}

const UNCOMPRESSED = 'containerd.io/uncompressed';

/** By key; of two caches that have a step the one that was named first counts. */
export async function importCaches(ctx: Ctx, specs: readonly CacheSpec[], options: ImportOptions): Promise<Map<string, RemoteRecord>> {
  const found = new Map<string, RemoteRecord>();
  const lists = await Promise.all(
    specs.map(async (spec) => {
      const source = sourceOf(ctx, spec, options);
      if (!source) return [];
      try {
        return (await readCache(source)).map((record) => ({ record, source }));
      } catch (error) {
        options.signal.throwIfAborted();
        ctx.warn(`Cannot use the cache "${source.name}": ${messageOf(error)}`);
        return [];
      }
    }),
  );
  for (const remote of lists.flat()) if (!found.has(remote.record.key)) found.set(remote.record.key, remote);
  return found;
}

function sourceOf(ctx: Ctx, { type, attributes }: CacheSpec, { tlsVerify, signal }: ImportOptions): CacheSource | undefined {
  const { ref = '', src = '', digest, tag } = attributes;
  if (type === 'local') return folderSource(src, { digest, tag });
  // Inline lies in images that are named by themselves.
  if (type === 'inline') return undefined;
  return registrySource(ctx, { reference: ref, tlsVerify: attributes['registry.insecure'] === 'true' ? false : tlsVerify, signal });
}

async function readCache(source: CacheSource): Promise<CacheRecord[]> {
  const document = parse(await source.manifest());
  if (document.config?.mediaType === CACHE_CONFIG) return ofConfig(source, document.config, document.layers ?? []);
  const config = document.manifests?.find(({ mediaType }) => mediaType === CACHE_CONFIG);
  if (config) return ofConfig(source, config, document.manifests ?? []);
  if (!document.manifests) return ofImage(source, document);
  const images = document.manifests.filter(({ annotations }) => annotations?.['vnd.docker.reference.type'] === undefined);
  return (await Promise.all(images.map(async ({ digest }) => ofImage(source, parse(await source.manifest(digest)))))).flat();
}

async function ofConfig(source: CacheSource, { digest }: Descriptor, blobs: readonly Descriptor[]): Promise<CacheRecord[]> {
  const config = parseConfig(await source.document(digest));
  if (!config) throw new Error('its config is not of the form that is known');
  const byDigest = new Map(blobs.map((blob) => [blob.digest, blob]));
  const layers = config.layers.map(({ blob }) => layerOf(byDigest.get(blob), byDigest.get(blob)?.annotations?.[UNCOMPRESSED]));
  return recordsOf(config.records, layers);
}

/** An image that was made with an inline cache; any other has no records. */
async function ofImage(source: CacheSource, { config, layers: blobs = [] }: Document): Promise<CacheRecord[]> {
  if (!config) return [];
  const image = parse({ bytes: await source.document(config.digest), mediaType: '' }) as {
    [INLINE_FIELD]?: unknown;
    rootfs?: { diff_ids?: unknown };
  };
  const records = parseInline(image[INLINE_FIELD]);
  const diffIds = image.rootfs?.diff_ids;
  if (!records || !Array.isArray(diffIds) || diffIds.length !== blobs.length) return [];
  return recordsOf(
    records,
    blobs.map((blob, index) => layerOf(blob, diffIds[index])),
  );
}

function recordsOf(records: readonly ConfigRecord[], layers: readonly (BuiltLayer | undefined)[]): CacheRecord[] {
  return records.flatMap(({ digest: key, layers: results = [], skiff }) => {
    const result = results.at(-1);
    const layer = result && layers[result.layer];
    const createdAt = result?.createdAt ?? skiff?.createdAt;
    // A record without a layer is a step that changed nothing where we wrote it, and a mere link of the chain where BuildKit did.
    if (key === undefined || createdAt === undefined || (!layer && !skiff?.isEmpty)) return [];
    const instruction = skiff?.description ?? '';
    return [{ version: 1 as const, key, layer, createdAt, description: instruction, inputs: { slot: '', parent: '', instruction } }];
  });
}

function layerOf(blob: Descriptor | undefined, diffId: unknown): BuiltLayer | undefined {
  if (!blob || typeof diffId !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(diffId) || !/^sha256:[0-9a-f]{64}$/.test(blob.digest))
    return undefined;
  return { digest: blob.digest, diffId, mediaType: ociLayerType(blob.mediaType ?? ''), size: blob.size, sizeBytes: 0 };
}

function parse({ bytes }: CacheDocument): Document {
  const value: unknown = JSON.parse(Buffer.from(bytes).toString());
  if (typeof value !== 'object' || value === null) throw new Error('it is no manifest');
  return value;
}
