// The layers of an image in the compression that an output asks for. What a build made is stored plain; layers that are compressed already (the base
// image's, those of a cache elsewhere) stay as they came, unless `force-compression` is given. The bytes depend on the layer and the level alone.
import { OCI_LAYER, ociLayerType } from '../../../oci/media-types.ts';
import { blobChunks, hasBlob } from '../../../storage/blob.ts';
import type { Claim } from '../../../storage/claim.ts';
import { createGzip } from '../../../storage/gzip.ts';
import { readImageRecords } from '../../../storage/image-record.ts';
import { createInflater } from '../../../storage/inflate.ts';
import { createNewBlob } from '../../../storage/new-blob.ts';
import { createZstd } from '../../../storage/zstd.ts';
import type { Ctx } from '../../../sys/context.ts';
import { EngineError } from '../../../sys/errors.ts';
import type { PreparedLayer } from './prepared.ts';

export interface CompressOptions {
  kind: 'gzip' | 'zstd' | 'uncompressed';
  level?: number | undefined;
  /** Those that are compressed otherwise, too. */
  isForced: boolean;
  hold: Claim;
  signal: AbortSignal;
  /** Called for each layer that is being compressed. */
  onLayer?: (layer: PreparedLayer) => void;
}

/** Pieces of a layer in memory at a time, each of a megabyte. */
const MOST_PIECES = 8;
const TURN_MS = 50;

/** Throws ERR_BLOB_MISSING where a layer that has to be compressed anew is not in the store. */
export async function compressLayers(ctx: Ctx, layers: readonly PreparedLayer[], options: CompressOptions): Promise<PreparedLayer[]> {
  const made = new Map<string, PreparedLayer>();
  const packed: PreparedLayer[] = [];
  for (const layer of layers) {
    const oci = { ...layer, mediaType: ociLayerType(layer.mediaType) };
    const now = compressionOf(oci.mediaType);
    const isFit = now === options.kind || (!options.isForced && (now !== 'uncompressed' || options.kind === 'uncompressed'));
    const done = isFit ? oci : (made.get(layer.digest) ?? findPacked(ctx, oci, options) ?? (await pack(ctx, oci, options)));
    made.set(layer.digest, done);
    packed.push({ ...done, isBuilt: layer.isBuilt });
  }
  return packed;
}

export function compressionOf(mediaType: string): 'gzip' | 'zstd' | 'uncompressed' {
  const [, suffix] = /[.+](gzip|zstd)$/.exec(mediaType) ?? [];
  return suffix === 'gzip' || suffix === 'zstd' ? suffix : 'uncompressed';
}

const typeOf = (kind: CompressOptions['kind']): string => (kind === 'uncompressed' ? OCI_LAYER : `${OCI_LAYER}+${kind}`);

/** The same layer in that compression, of an image that was pushed or pulled. */
function findPacked(ctx: Ctx, layer: PreparedLayer, { kind, level, hold }: CompressOptions): PreparedLayer | undefined {
  if (level !== undefined) return undefined;
  const isPacked = ({ diffId, mediaType, digest, size }: Omit<PreparedLayer, 'isBuilt'>): boolean =>
    diffId === layer.diffId && ociLayerType(mediaType) === typeOf(kind) && hasBlob(ctx, digest, size);
  const found = readImageRecords(ctx)
    .flatMap(({ layers }) => layers)
    .find((known) => isPacked({ ...known }));
  if (!found) return undefined;
  hold.protect([found.digest]);
  return hasBlob(ctx, found.digest, found.size) ? { ...layer, ...found, mediaType: typeOf(kind) } : undefined;
}

async function pack(ctx: Ctx, layer: PreparedLayer, options: CompressOptions): Promise<PreparedLayer> {
  const { kind, level, hold, signal, onLayer } = options;
  if (!hasBlob(ctx, layer.digest)) {
    throw new EngineError(
      'ERR_BLOB_MISSING',
      `Cannot compress the layer "${layer.diffId}": its blob "${layer.digest}" is not in the store`,
      {
        hint: 'Pull the base image again',
      },
    );
  }
  onLayer?.(layer);
  const blob = createNewBlob(ctx);
  try {
    const packer =
      kind === 'gzip'
        ? createGzip(blob.write, MOST_PIECES, { level })
        : kind === 'zstd'
          ? createZstd(blob.write, { level })
          : plain(blob.write);
    const inflater = createInflater((data) => packer.write(data));
    const take = compressionOf(layer.mediaType) === 'uncompressed' ? packer.write : inflater.write;
    let turnMs = performance.now();
    for (const chunk of blobChunks(ctx, layer.digest)) {
      take(chunk);
      await packer.room();
      if (performance.now() - turnMs < TURN_MS) continue;
      await Bun.sleep(0);
      signal.throwIfAborted();
      turnMs = performance.now();
    }
    if (take === inflater.write) inflater.end();
    await packer.end();
    const { digest, size } = blob.commit((made) => hold.protect([made]));
    return { ...layer, digest, size, mediaType: typeOf(kind) };
  } finally {
    blob.abort();
  }
}

const plain = (write: (data: Uint8Array) => void) => ({ write, room: async () => undefined, end: async () => undefined });
