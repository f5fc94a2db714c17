// What --cache-to names: the layers of the steps, compressed, then the config, then the manifest that makes them reachable. Records are sorted, so that
// the same cache gives the same bytes. Layers that came from a cache and that nobody needed are not fetched for it where they are there already.
import { DOCKER_LIST, OCI_INDEX, OCI_MANIFEST } from '../../../oci/media-types.ts';
import { openBlobSource } from '../../../storage/blob-source.ts';
import type { BuiltLayer } from '../../../storage/build-cache-records.ts';
import { digestOf } from '../../../storage/digest.ts';
import { EngineError, isDiskFull, messageOf } from '../../../sys/errors.ts';
import { compressLayers } from '../export/compress-layers.ts';
import { asStep, type ExportSteps } from '../export/steps.ts';
import type { BuildSite, BuiltImage, CacheRecord, CacheSpec } from '../model.ts';
import { CACHE_CONFIG, type CacheConfig, type ConfigRecord } from './config.ts';
import { folderTarget } from './folder.ts';
import type { CacheBlob, CacheTarget } from './place.ts';
import { registryTarget } from './registry.ts';

export interface ExportCacheOptions {
  /** Steps that were done or found, in that order. */
  records: readonly CacheRecord[];
  images: readonly BuiltImage[];
  /** Fetches layers, by diff-id, that are still where --cache-from has them. */
  need: (diffIds: readonly string[]) => Promise<void>;
  isHere: (layer: BuiltLayer) => boolean;
}

/** Throws what keeps it from being written, unless `ignore-error=true` was given. */
export async function exportCache(site: BuildSite, spec: CacheSpec, options: ExportCacheOptions): Promise<void> {
  const { type, attributes } = spec;
  const place = attributes.ref ?? attributes.dest ?? '';
  const name = type === 'local' ? 'exporting cache to client directory' : 'exporting cache to registry';
  try {
    await asStep(site, { id: `cache-to:${type}:${place}`, name }, (steps) => write(site, spec, { ...options, steps }));
  } catch (error) {
    if (site.signal.aborted || isDiskFull(error)) throw error;
    const message = `Cannot export the cache to "${place}": ${messageOf(error)}`;
    if (attributes['ignore-error'] === 'true') return site.ctx.warn(message);
    const { code, hint, exitCode } = error instanceof EngineError ? error : new EngineError('ERR_CACHE_EXPORT', message);
    throw new EngineError(code, message, { ...(hint === undefined ? {} : { hint }), exitCode, cause: error });
  }
}

async function write(
  site: BuildSite,
  { type, attributes }: CacheSpec,
  { records, images, need, isHere, steps }: ExportCacheOptions & { steps: ExportSteps },
): Promise<void> {
  const kept = attributes.mode === 'max' ? records : records.filter(isOfImages(images));
  if (kept.length === 0) return steps.note('skipping cache export for empty result');
  const target = await targetOf(site, { type, attributes });
  const layers = layersOf(kept, images);
  steps.note('preparing build cache for export');
  const packed = await pack(site, layers, attributes, { isHere, need });
  for (const [index, layer] of packed.entries()) {
    await target.blob(blobOf(site, layer, { need, diffId: layers[index]?.diffId ?? '' }));
    steps.note(`writing layer ${layer.digest}`);
  }
  const config = Buffer.from(JSON.stringify(configOf(kept, layers, packed)));
  const digest = digestOf(config);
  await target.blob({ digest, size: config.length, bytes: (offset) => once(config.subarray(offset)) });
  steps.note(`writing config ${digest}`);
  const manifest = manifestOf(packed, { digest, size: config.length }, { attributes, createdAt: timesOf(kept) });
  await target.manifest(manifest);
  steps.note(`writing cache ${type === 'local' ? 'manifest' : 'image manifest'} ${manifest.digest}`);
}

async function targetOf(site: BuildSite, { type, attributes }: CacheSpec): Promise<CacheTarget> {
  const { ref: reference = '', dest = '', tag = 'latest' } = attributes;
  if (type === 'local') return folderTarget(dest, tag);
  const tlsVerify = attributes['registry.insecure'] === 'true' ? false : site.options.tlsVerify;
  return registryTarget(site.ctx, { reference, tlsVerify, signal: site.signal });
}

/** Those whose layers the result has; a step that changed nothing costs nothing. */
function isOfImages(images: readonly BuiltImage[]): (record: CacheRecord) => boolean {
  const own = new Set(images.flatMap(({ layers }) => layers.map(({ diffId }) => diffId)));
  return ({ layer }) => layer === undefined || own.has(layer.diffId);
}

/** Each once: as they lie on each other in the images, then those of other stages. */
function layersOf(records: readonly CacheRecord[], images: readonly BuiltImage[]): BuiltLayer[] {
  const made = new Map(records.flatMap(({ layer }) => (layer ? [[layer.diffId, layer]] : [])));
  const ordered = images.flatMap(({ layers }) => layers.filter(({ diffId }) => made.has(diffId)).map(({ diffId }) => diffId));
  const others = [...made.keys()].filter((diffId) => !ordered.includes(diffId)).sort();
  return [...new Set([...ordered, ...others])].flatMap((diffId) => made.get(diffId) ?? []);
}

/** As the attributes want them compressed. What is elsewhere stays as it is. */
async function pack(
  { ctx, hold, signal }: BuildSite,
  layers: readonly BuiltLayer[],
  attributes: CacheSpec['attributes'],
  { isHere, need }: Pick<ExportCacheOptions, 'isHere' | 'need'>,
): Promise<BuiltLayer[]> {
  const isForced = attributes['force-compression'] === 'true';
  if (isForced) await need(layers.map(({ diffId }) => diffId));
  const { compression = 'gzip', 'compression-level': level } = attributes;
  const kind = compression === 'zstd' || compression === 'uncompressed' ? compression : 'gzip';
  return Promise.all(
    layers.map(async (layer) => {
      if (!isHere(layer)) return layer;
      const options = { kind, level: level === undefined ? undefined : Number(level), isForced, hold, signal } as const;
      const [packed] = await compressLayers(ctx, [{ ...layer, isBuilt: true }], options);
      return { ...layer, ...packed };
    }),
  );
}

function blobOf(
  { ctx }: BuildSite,
  { digest, size }: BuiltLayer,
  { need, diffId }: Pick<ExportCacheOptions, 'need'> & { diffId: string },
): CacheBlob {
  return {
    digest,
    size,
    async *bytes(offset) {
      await need([diffId]);
      const source = openBlobSource(ctx, digest);
      try {
        yield* source.bytes(offset);
      } finally {
        source.close();
      }
    },
  };
}

/** `packed` is aligned with `layers`. A layer stands alone: what it was made over is told by the key of its step. */
function configOf(records: readonly CacheRecord[], layers: readonly BuiltLayer[], packed: readonly BuiltLayer[]): CacheConfig {
  const indexOf = new Map(layers.map(({ diffId }, index) => [diffId, index]));
  return {
    layers: packed.map(({ digest }) => ({ blob: digest, parent: -1 })),
    records: [...records].sort((a, b) => (a.key < b.key ? -1 : 1)).map((record) => configRecord(record, (diffId) => indexOf.get(diffId))),
  };
}

/** The record as BuildKit writes it; `layerAt` gives the index of a layer. */
export function configRecord(
  { key, layer, createdAt, description }: CacheRecord,
  layerAt: (diffId: string) => number | undefined,
): ConfigRecord {
  const index = layer && layerAt(layer.diffId);
  return {
    ...(index === undefined ? {} : { layers: [{ layer: index, createdAt }] }),
    digest: key,
    skiff: { description, createdAt, ...(layer ? {} : { isEmpty: true }) },
  };
}

function timesOf(records: readonly CacheRecord[]): ReadonlyMap<string, string> {
  return new Map(records.flatMap(({ layer, createdAt }) => (layer ? [[layer.diffId, createdAt]] : [])));
}

function manifestOf(
  packed: readonly BuiltLayer[],
  config: { digest: string; size: number },
  { attributes, createdAt }: { attributes: CacheSpec['attributes']; createdAt: ReadonlyMap<string, string> },
): { bytes: Buffer; mediaType: string; digest: string } {
  const isOci = attributes['oci-mediatypes'] !== 'false';
  const isImage = isOci && attributes['image-manifest'] !== 'false';
  const layers = packed.map(({ digest, diffId, mediaType, size }) => ({
    mediaType: isOci ? mediaType : dockerType(mediaType),
    digest,
    size,
    annotations: { 'buildkit/createdat': createdAt.get(diffId) ?? '', 'containerd.io/uncompressed': diffId },
  }));
  const configDescriptor = { mediaType: CACHE_CONFIG, ...config };
  const mediaType = isImage ? OCI_MANIFEST : isOci ? OCI_INDEX : DOCKER_LIST;
  const document = isImage
    ? { schemaVersion: 2, mediaType, config: configDescriptor, layers }
    : { schemaVersion: 2, mediaType, manifests: [...layers, configDescriptor] };
  const bytes = Buffer.from(JSON.stringify(document));
  return { bytes, mediaType, digest: digestOf(bytes) };
}

function dockerType(mediaType: string): string {
  const [, compression = ''] = /\+(gzip|zstd)$/.exec(mediaType) ?? [];
  return `application/vnd.docker.image.rootfs.diff.tar${compression && `.${compression}`}`;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
