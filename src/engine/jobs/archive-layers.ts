// The layers of an archive made to exist, unpacked and as blobs. A second process helps where the archive is a file that both can read.
// Two images of it may have the same layer in two compressions: it is unpacked once, and both blobs are stored.
import { availableParallelism } from 'node:os';
import { placeChunks } from '../../storage/archive.ts';
import { hasBlob, openBlobWriter } from '../../storage/blob.ts';
import type { ArchivePlace, ImageLayer } from '../../storage/records.ts';
import { isStored } from '../../storage/stored-layer.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { runJob } from '../worker-client.ts';
import { archiveSource } from './archive-source.ts';
import { ensureLayers } from './layers.ts';
import { turns } from './save.ts';
import type { JobTools } from './tools.ts';

export interface StoreLayersOptions extends JobTools {
  /** The archive. */
  fd: number;
  maxBytes?: number | undefined;
}

interface Part {
  layer: ImageLayer;
  place: ArchivePlace;
}

/** Below this a second process costs more than it brings. */
const WORTH_A_HELPER_BYTES = 2 << 20;

/** Throws what unpacking throws. */
export async function storeLayers(ctx: Ctx, all: readonly Part[], options: StoreLayersOptions): Promise<void> {
  const parts = [...new Map(all.map((part) => [part.layer.diffId, part])).values()].filter(({ layer }) => !isStored(ctx, layer));
  await unpackAll(ctx, parts, options);
  for (const part of new Map(all.map((part) => [part.layer.digest, part])).values()) {
    await storeBlob(ctx, { ...part.layer, place: part.place }, options);
  }
}

async function unpackAll(ctx: Ctx, parts: Part[], { fd, maxBytes, emit, signal: outer }: StoreLayersOptions): Promise<void> {
  if (parts.length === 0) return;
  const failing = new AbortController();
  const signal = AbortSignal.any([outer, failing.signal]);
  const failOnce = (error: unknown): void => failing.abort(error);
  const layers = parts.map(({ layer }) => layer);
  const registry = archiveSource(ctx, new Map(parts.map(({ layer, place }) => [layer.digest, place])), { fd, signal });
  const own = ensureLayers(ctx, { emit, signal, registry, layers, maxBytes, waits: true }).catch(failOnce);
  const helper = isWorthAHelper(parts)
    ? runJob(
        ctx,
        { kind: 'load-layers', parts: parts.map(({ layer, place }) => ({ ...layer, place })), maxLayerBytes: maxBytes },
        { onEvent: emit, signal, enter: [], descriptors: [fd] },
      )
        .catch(forgiveDeath)
        .catch(failOnce)
    : undefined;
  await Promise.all([own, helper]);
  if (signal.aborted) throw signal.reason;
}

function isWorthAHelper(parts: Part[]): boolean {
  const bytes = parts.reduce((sum, { place }) => sum + place.size, 0);
  return (
    parts.length > 1 && availableParallelism() > 1 && bytes >= WORTH_A_HELPER_BYTES && parts.every(({ place }) => place.kind !== 'memory')
  );
}

/** A helper that was killed leaves its claims free, and we take its layers over. */
function forgiveDeath(error: unknown): null {
  if (error instanceof EngineError && error.code === 'ERR_WORKER_DIED') return null;
  throw error;
}

/** Stores what the archive has at `place`, unless it is there. Throws ERR_DIGEST_MISMATCH. */
export async function storeBlob(
  ctx: Ctx,
  { digest, size, place }: { digest: string; size: number; place: ArchivePlace },
  { fd, signal }: Pick<StoreLayersOptions, 'fd' | 'signal'>,
): Promise<void> {
  if (hasBlob(ctx, digest, size)) return;
  const writer = openBlobWriter(ctx, { digest, size });
  const turn = turns(signal);
  try {
    for (const chunk of placeChunks(ctx, place, { fd, from: writer.offset })) {
      writer.write(chunk);
      await turn();
    }
    writer.commit();
  } finally {
    writer.abort();
  }
}
