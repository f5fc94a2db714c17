// gzip (RFC 1952) at Docker's level, on all cores: pieces of a fixed size are compressed side by side by the runtime's threads and put
// together in order. Each ends on a byte (a "sync flush"), so together they are one deflate stream, and its bytes depend on the input
// alone. How far the input may run ahead is bounded by `room`, which whoever writes must wait for now and then.
import { constants, crc32, deflateRaw } from 'node:zlib';

export interface Gzip {
  /** Takes bytes; the buffer may be reused. */
  write(data: Uint8Array): void;
  /** Resolves when there is room for more. Throws what `onData` threw. */
  room(): Promise<void>;
  /** Resolves when everything was given to `onData`. */
  end(): Promise<void>;
}

const LEVEL = 6;
const PIECE_BYTES = 1 << 20;
/** Pieces under way, beyond which writers wait: a container that is paused while it is read goes on the sooner, the more this holds. */
const MOST_PIECES = 64;
const TRAILER_BYTES = 8;
/** Magic, deflate, no flags, no time, no level, Unix. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
/** The last block of a deflate stream, empty. */
const LAST_BLOCK = Buffer.from([3, 0]);

/** `mostPieces` bounds the memory, in megabytes. `level`: 1 to 9. */
export function createGzip(
  onData: (data: Uint8Array) => void,
  mostPieces = MOST_PIECES,
  { level = LEVEL }: { level?: number | undefined } = {},
): Gzip {
  let piece = Buffer.allocUnsafe(PIECE_BYTES);
  let filled = 0;
  let underWay = 0;
  let crc = 0;
  let total = 0;
  let failure: { error: unknown } | undefined;
  /** Resolves when all pieces so far have been given on. */
  let last: Promise<void> = give(Promise.resolve(HEADER), Promise.resolve());

  return { write, room, end };

  function write(data: Uint8Array): void {
    crc = crc32(data, crc);
    total += data.length;
    for (let at = 0; at < data.length; ) {
      const count = Math.min(PIECE_BYTES - filled, data.length - at);
      piece.set(data.subarray(at, at + count), filled);
      filled += count;
      at += count;
      if (filled === PIECE_BYTES) send();
    }
  }

  function send(): void {
    if (filled > 0) last = give(compressed(piece.subarray(0, filled), level), last);
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
    while (underWay > mostPieces && !failure) await Bun.sleep(1);
    if (failure) throw failure.error;
  }

  async function end(): Promise<void> {
    send();
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.writeUInt32LE(crc, 0);
    trailer.writeUInt32LE(total % 2 ** 32, 4);
    await give(Promise.resolve(Buffer.concat([LAST_BLOCK, trailer])), last);
    if (failure) throw failure.error;
  }
}

function compressed(data: Uint8Array, level: number): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  deflateRaw(data, { level, finishFlush: constants.Z_SYNC_FLUSH }, (error, result) => (error ? reject(error) : resolve(result)));
  return promise;
}
