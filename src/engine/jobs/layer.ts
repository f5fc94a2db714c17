// One layer: fetched, checked, stored compressed and unpacked in a single pass. A broken transfer goes on where it stopped (Range), for
// as long as it gets anywhere; damaged data is fetched afresh. What the layer itself does wrong is told apart from damage on the way:
// the bytes are read to their end, and if their digest is right the layer is to blame.

import { backOffMs, isRetryableError, pause } from '../../oci/http/retry.ts';
import type { LayerStatus } from '../../runtime/messages-work.ts';
import { type BlobWriter, blobChunks, hasBlob, openBlobWriter, removeBlob } from '../../storage/blob.ts';
import { hasLayer } from '../../storage/layer.ts';
import type { ImageLayer } from '../../storage/records.ts';
import { createUnpacker, type Unpacker } from '../../storage/unpack.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';

/** Where blobs come from: a registry, or an archive. */
export interface LayerSource {
  /** Opens a blob from byte `offset` on; `offset` of the result is where its bytes really begin. */
  blob(digest: string, offset: number): Promise<{ answer: { read(onChunk: (chunk: Uint8Array) => void): Promise<void> }; offset: number }>;
}

export interface FetchLayerOptions {
  registry: LayerSource;
  maxBytes?: number | undefined;
  onStatus: (status: LayerStatus, current?: number) => void;
  signal: AbortSignal;
}

/** Transfers in a row that bring nothing, and fetches from the start, before it is given up. */
const MOST_BROKEN = 5;
const MOST_FRESH_TRIES = 3;
const LONGEST_HOLD_MS = 50;
const DAMAGE = new Set(['ERR_DIGEST_MISMATCH', 'ERR_SIZE_MISMATCH', 'ERR_BLOB_DAMAGED', 'ERR_BLOB_MISSING']);
/** May be the fault of bytes damaged on the way. */
const DOUBTFUL = new Set(['ERR_LAYER_CORRUPT', 'ERR_LAYER_TRUNCATED', 'ERR_LAYER_UNSUPPORTED', 'ERR_DIGEST_MISMATCH']);

/** Makes the layer (which the caller has claimed) exist. Leaves nothing but a partial blob behind when it throws. */
export async function fetchLayer(ctx: Ctx, layer: ImageLayer, options: FetchLayerOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (hasBlob(ctx, layer.digest, layer.size)) await unpackStored(ctx, layer, options);
      else await download(ctx, layer, options);
      return;
    } catch (error) {
      options.signal.throwIfAborted();
      if (attempt === MOST_FRESH_TRIES || !(error instanceof TransferDamage)) throw error instanceof TransferDamage ? error.cause : error;
      options.onStatus('retrying');
    }
  }
}

/** The bytes are not those of the digest: fetching them again may help. */
class TransferDamage extends Error {}

async function unpackStored(ctx: Ctx, layer: ImageLayer, { onStatus, maxBytes, signal }: FetchLayerOptions): Promise<void> {
  const sink = openSink(ctx, layer, maxBytes);
  let [current, pausedMs] = [0, performance.now()];
  try {
    onStatus('extracting', 0);
    for (const chunk of blobChunks(ctx, layer.digest)) {
      sink.write(chunk);
      current += chunk.length;
      onStatus('extracting', current);
      if (performance.now() - pausedMs < LONGEST_HOLD_MS) continue;
      // A file gives no occasion to hear that the front has died.
      await Bun.sleep(0);
      signal.throwIfAborted();
      pausedMs = performance.now();
    }
  } catch (error) {
    sink.abort();
    if (!isDamage(error)) throw error;
    removeBlob(ctx, layer.digest);
    throw new TransferDamage('', { cause: error });
  }
  sink.end();
}

async function download(ctx: Ctx, layer: ImageLayer, options: FetchLayerOptions): Promise<void> {
  const sink = openSink(ctx, layer, options.maxBytes);
  let writer: BlobWriter | undefined;
  let received = 0;
  const onStatus: FetchLayerOptions['onStatus'] = (status, current) => {
    received = current ?? received;
    options.onStatus(status, current);
  };
  try {
    writer = openBlobWriter(ctx, { digest: layer.digest, size: layer.size, onReplay: sink.write });
    await transfer(layer, { ...options, onStatus, sink, writer });
    options.onStatus('verifying');
    writer.commit();
  } catch (error) {
    sink.abort();
    // What arrived before the wire broke is good for the next try; after any other failure nothing stays.
    writer?.abort((isBroken(error) || options.signal.aborted) && received > 0);
    throw isDamage(error) ? new TransferDamage('', { cause: error }) : error;
  }
  options.onStatus('extracting', layer.size);
  sink.end();
}

type TransferOptions = FetchLayerOptions & { sink: Sink; writer: BlobWriter };

async function transfer(layer: ImageLayer, { registry, onStatus, signal, sink, writer }: TransferOptions): Promise<void> {
  let at = writer.offset;
  for (let broken = 0; at < layer.size; ) {
    const before = at;
    onStatus('downloading', at);
    try {
      const { answer, offset } = await registry.blob(layer.digest, at);
      // A server without ranges starts over: what is here already is passed over.
      let known = at - offset;
      await answer.read((chunk) => {
        const fresh = known >= chunk.length ? undefined : chunk.subarray(known);
        known = Math.max(0, known - chunk.length);
        if (!fresh) return;
        writer.write(fresh);
        sink.write(fresh);
        at += fresh.length;
        onStatus('downloading', at);
      });
      if (at < layer.size) throw cutShort(layer, at);
    } catch (error) {
      signal.throwIfAborted();
      broken = at > before ? 1 : broken + 1;
      if (!isBroken(error) || broken >= MOST_BROKEN) throw error;
      onStatus('retrying', at);
      await pause(backOffMs(broken, Math.random), signal);
    }
  }
}

interface Sink {
  write(chunk: Uint8Array): void;
  /** Makes the layer visible, or throws what was wrong with it. */
  end(): void;
  abort(): void;
}

/** An unpacker whose doubtful complaints wait until the whole blob has been checked. */
function openSink(ctx: Ctx, layer: ImageLayer, maxBytes: number | undefined): Sink {
  // Only the blob is missing.
  if (hasLayer(ctx, layer.diffId)) return { write() {}, end() {}, abort() {} };
  const unpacker: Unpacker = createUnpacker(ctx, {
    mediaType: layer.mediaType,
    diffId: layer.diffId,
    maxBytes,
    onNotice: ctx.warn,
  });
  let complaint: unknown;
  return {
    write(chunk) {
      if (complaint !== undefined) return;
      try {
        unpacker.write(chunk);
      } catch (error) {
        if (!(error instanceof EngineError) || !DOUBTFUL.has(error.code)) throw error;
        complaint = error;
      }
    },
    end() {
      if (complaint !== undefined) throw complaint;
      unpacker.end();
    },
    abort: () => unpacker.abort(),
  };
}

const isDamage = (error: unknown): boolean => error instanceof EngineError && DAMAGE.has(error.code);
const isBroken = (error: unknown): boolean => error instanceof EngineError && isRetryableError(error.code);

function cutShort(layer: ImageLayer, at: number): EngineError {
  return new EngineError('ERR_CONNECTION_LOST', `the blob "${layer.digest}" broke off after ${at} of ${layer.size} bytes`, {
    hint: 'Try again; a proxy may be in the way. What was fetched is kept',
  });
}
