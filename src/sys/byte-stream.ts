// Long streams of bytes between two processes of ours, by descriptor and without node:stream: large reads and writes, made synchronously,
// for what is done with the bytes is synchronous too. At least every 50 ms the event loop has its turn, so that a signal is heard
// and a stuck other end can be given up on.
import { dlopen } from 'bun:ffi';
import { fstatSync } from 'node:fs';
import { makePipe } from './fd.ts';
import { c, check, errno, ptr } from './ffi.ts';

const { symbols: f } = dlopen('libc.so.6', {
  read: { args: ['i32', 'ptr', 'u64'], returns: 'i64' },
  write: { args: ['i32', 'ptr', 'u64'], returns: 'i64' },
});

const TURN_MS = 50;
const CHUNK_BYTES = 1 << 18;
const PIPE_BYTES = 1 << 20;
/** What a pipe takes without blocking once poll(2) says that it takes something (PIPE_BUF). */
const SURE_BYTES = 4096;
const F_SETFL = 4;
const F_SETPIPE_SZ = 1031;
const O_NONBLOCK = 0o4000;
const POLLIN = 1;
const POLLOUT = 4;
const [EINTR, EAGAIN, EPIPE] = [4, 11, 32];

/** A pipe with room for much, whose write end is for `writeStream` in this process. */
export function makeWidePipe(): { read: number; write: number } {
  const pipe = makePipe();
  // Beyond what the user may have, the room stays what it is.
  c.fcntl(pipe.write, F_SETPIPE_SZ, BigInt(PIPE_BYTES));
  return pipe;
}

/** Reads what comes next into `chunk`; returns how much that is, 0 at the end. Waits with the event loop going on. Throws what `signal` says. */
export async function readSome(fd: number, chunk: Buffer, signal: AbortSignal): Promise<number> {
  for (;;) {
    if (isReady(fd, POLLIN)) {
      const length = Number(f.read(fd, ptr(chunk), chunk.length));
      if (length >= 0) return length;
      if (errno() !== EINTR && errno() !== EAGAIN) check(-1, 'read');
    }
    await Bun.sleep(0);
    signal.throwIfAborted();
  }
}

/**
 * Reads `fd` to its end; what `take` is given is valid during the call only. `drain` is waited for before more is read. Throws what `signal` says, and
 * what `take` and `drain` throw.
 */
export async function readStream(
  fd: number,
  take: (chunk: Buffer) => void,
  signal: AbortSignal,
  drain?: () => Promise<void>,
): Promise<void> {
  const chunk = Buffer.from(new ArrayBuffer(CHUNK_BYTES));
  const turn = turns(signal);
  for (;;) {
    await turn();
    if (!isReady(fd, POLLIN)) continue;
    const length = Number(f.read(fd, ptr(chunk), chunk.length));
    if (length === 0) return;
    if (length > 0) {
      take(chunk.subarray(0, length));
      await drain?.();
    } else if (errno() !== EINTR && errno() !== EAGAIN) check(-1, 'read');
  }
}

/**
 * Writes all of `chunks`; false once nobody reads any more. With `isOurs` the descriptor is made non-blocking: never for one that
 * another process has too. Throws what `signal` says, and what `chunks` throws.
 */
export async function writeStream(
  fd: number,
  chunks: Iterable<Buffer>,
  { signal, isOurs }: { signal: AbortSignal; isOurs: boolean },
): Promise<boolean> {
  if (isOurs) check(c.fcntl(fd, F_SETFL, BigInt(O_NONBLOCK)), 'fcntl');
  const most = isOurs || fstatSync(fd).isFile() ? CHUNK_BYTES : SURE_BYTES;
  const turn = turns(signal);
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      await turn();
      if (most === SURE_BYTES && !isReady(fd, POLLOUT)) continue;
      const count = Number(f.write(fd, ptr(chunk, at), Math.min(chunk.length - at, most)));
      if (count >= 0) at += count;
      else if (errno() === EPIPE) return false;
      else if (errno() === EAGAIN) isReady(fd, POLLOUT);
      else if (errno() !== EINTR) check(-1, 'write');
    }
  }
  return true;
}

/** Resolves at once, or after the event loop's turn where it is due. */
function turns(signal: AbortSignal): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < TURN_MS) return undefined;
    return Bun.sleep(0).then(() => {
      signal.throwIfAborted();
      last = performance.now();
    });
  };
}

/** Whether something can be done with `fd` (its other end being gone counts), now or within a turn. */
function isReady(fd: number, events: number): boolean {
  const entry = Buffer.alloc(8);
  entry.writeInt32LE(fd, 0);
  entry.writeInt16LE(events, 4);
  return c.poll(ptr(entry), 1n, TURN_MS) > 0;
}
