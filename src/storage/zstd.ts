// Zstandard (RFC 8878) on all cores: pieces of a fixed size are compressed side by side by the runtime's threads, each a frame of its own, and put
// together in order. A stream may have several frames, which every reader knows; the bytes depend on the input and the level alone.
import type { Gzip } from './gzip.ts';

const LEVEL = 3;
const PIECE_BYTES = 2 << 20;
/** Pieces under way, beyond which writers wait. */
const MOST_PIECES = 4;

/** As `createGzip`. `level`: 1 to 22. */
export function createZstd(onData: (data: Uint8Array) => void, { level = LEVEL }: { level?: number | undefined } = {}): Gzip {
  let piece = Buffer.allocUnsafe(PIECE_BYTES);
  let filled = 0;
  let underWay = 0;
  let count = 0;
  let failure: { error: unknown } | undefined;
  let last: Promise<void> = Promise.resolve();

  return { write, room, end };

  function write(data: Uint8Array): void {
    for (let at = 0; at < data.length; ) {
      const length = Math.min(PIECE_BYTES - filled, data.length - at);
      piece.set(data.subarray(at, at + length), filled);
      filled += length;
      at += length;
      if (filled === PIECE_BYTES) send();
    }
  }

  function send(): void {
    last = give(Bun.zstdCompress(piece.subarray(0, filled), { level }), last);
    count++;
    piece = Buffer.allocUnsafe(PIECE_BYTES);
    filled = 0;
  }

  // Never rejects: a failure waits for who asks next.
  async function give(made: Promise<Uint8Array>, before: Promise<void>): Promise<void> {
    underWay++;
    try {
      const [data] = await Promise.all([made, before]);
      if (!failure) onData(data);
    } catch (error) {
      failure ??= { error };
    } finally {
      underWay--;
    }
  }

  async function room(): Promise<void> {
    while (underWay > MOST_PIECES && !failure) await Bun.sleep(1);
    if (failure) throw failure.error;
  }

  async function end(): Promise<void> {
    if (filled > 0 || count === 0) send();
    await last;
    if (failure) throw failure.error;
  }
}
