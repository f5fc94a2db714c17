// Content-addressed blobs. A blob is written to `tmp/blob-<hex>` and renamed once its bytes match its digest, so a file below
// blobs/ is whole, unless the machine lost power before the store was synced: whoever reads a blob checks it again.
// A broken download leaves its partial file; the next writer hashes what is there and goes on behind it.
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { writeAll } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { type Claim, claim } from './claim.ts';
import { digestOf, hexOfDigest } from './digest.ts';
import { blobPath, tmpDir } from './layout.ts';

/** Blobs up to this size (manifests, configs) reach the disk at once; larger ones wait for `syncStore`. */
const SMALL_BYTES = 1 << 20;
const READ_BYTES = 1 << 18;

export interface BlobWriter {
  /** Bytes kept from an earlier broken try, already hashed: go on from here. */
  readonly offset: number;
  write(chunk: Uint8Array): void;
  /** Checks size and digest, then makes the blob visible. On a mismatch nothing remains. */
  commit(): void;
  /** `keepPartial` leaves what was written for the next try. */
  abort(keepPartial?: boolean): void;
}

export interface BlobWriterOptions {
  digest: string;
  /** Bytes the descriptor promises. */
  size: number;
  /** Gets the kept bytes of an earlier try, in order, before this function returns. The buffer is reused between calls. */
  onReplay?: (chunk: Uint8Array) => void;
}

/** Whether the blob is there, with exactly `size` bytes when that is given. */
export function hasBlob(ctx: Pick<Ctx, 'paths'>, digest: string, size?: number): boolean {
  hexOfDigest(digest);
  try {
    const found = statSync(blobPath(ctx, digest));
    return found.isFile() && (size === undefined || found.size === size);
  } catch {
    return false;
  }
}

/** Opens a blob for writing; throws ERR_SIZE_MISMATCH or ERR_DIGEST_MISMATCH from `write` and `commit`. */
export function openBlobWriter(ctx: Ctx, options: BlobWriterOptions): BlobWriter {
  const hex = hexOfDigest(options.digest);
  const { path, hold } = placeFor(ctx, hex);
  const hasher = new Bun.CryptoHasher('sha256');
  const fd = openSync(path, 'a+', 0o600);
  let size = takeUp(fd, options, hasher);
  let isOpen = true;

  return { offset: size, write, commit, abort };

  function write(chunk: Uint8Array): void {
    size += chunk.length;
    if (size > options.size) fail('ERR_SIZE_MISMATCH', `it is larger than the ${options.size} bytes that its descriptor promises`);
    hasher.update(chunk);
    writeAll(fd, chunk);
  }

  function commit(): void {
    if (size !== options.size) fail('ERR_SIZE_MISMATCH', `it has ${size} bytes where its descriptor promises ${options.size}`);
    const actual = `sha256:${hasher.digest('hex')}`;
    if (actual !== options.digest) fail('ERR_DIGEST_MISMATCH', `its content has the digest "${actual}"`);
    if (size <= SMALL_BYTES) fdatasyncSync(fd);
    const target = blobPath(ctx, options.digest);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    renameSync(path, target);
    close();
  }

  function abort(keepPartial = false): void {
    if (!isOpen) return;
    if (!keepPartial) rmSync(path, { force: true });
    close();
  }

  function fail(code: string, what: string): never {
    abort();
    throw new EngineError(code, `Refused the blob "${options.digest}": ${what}`, {
      hint: 'Try again; if it stays, the registry or a proxy before it serves damaged data',
    });
  }

  function close(): void {
    isOpen = false;
    closeSync(fd);
    hold.release();
  }
}

/** The blob's bytes, checked. Throws ERR_BLOB_MISSING or ERR_BLOB_DAMAGED. */
export function readBlob(ctx: Pick<Ctx, 'paths'>, digest: string): Buffer {
  hexOfDigest(digest);
  const data = readOrThrow(ctx, digest);
  if (digestOf(data) !== digest) throw damaged(digest);
  return data;
}

/** Streams a blob through `onChunk` and checks it at the end. The buffer is reused between calls. Throws as `readBlob`. */
export function streamBlob(ctx: Pick<Ctx, 'paths'>, digest: string, onChunk: (chunk: Uint8Array) => void): void {
  for (const chunk of blobChunks(ctx, digest)) onChunk(chunk);
}

/** The same, at the pace of whoever iterates. */
export function* blobChunks(ctx: Pick<Ctx, 'paths'>, digest: string): Generator<Uint8Array, void> {
  hexOfDigest(digest);
  const hasher = new Bun.CryptoHasher('sha256');
  const fd = openOrThrow(ctx, digest);
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
      const chunk = buffer.subarray(0, count);
      hasher.update(chunk);
      yield chunk;
    }
  } finally {
    closeSync(fd);
  }
  if (`sha256:${hasher.digest('hex')}` !== digest) throw damaged(digest);
}

/** Stores bytes under their own digest and returns it. */
export function putBlob(ctx: Ctx, data: Uint8Array): string {
  const digest = digestOf(data);
  const writer = openBlobWriter(ctx, { digest, size: data.length });
  writer.write(Buffer.from(data.buffer, data.byteOffset, data.length).subarray(writer.offset));
  writer.commit();
  return digest;
}

/** Removes a blob, or nothing when it is not there. */
export function removeBlob(ctx: Pick<Ctx, 'paths'>, digest: string): void {
  hexOfDigest(digest);
  rmSync(blobPath(ctx, digest), { force: true });
}

/** The shared partial file when we can claim it; else, while another process writes the same blob, a private one. */
function placeFor(ctx: Ctx, hex: string): { path: string; hold: Claim } {
  for (let name = `blob-${hex}`; ; name = `blob-${hex}-${Math.random().toString(36).slice(2)}`) {
    const hold = claim(ctx, name);
    if (hold) return { path: join(tmpDir(ctx), name), hold };
  }
}

/** Hashes what an earlier try left and returns its length; more than was promised cannot be right and is dropped. */
function takeUp(fd: number, options: BlobWriterOptions, hasher: Bun.CryptoHasher): number {
  const kept = fstatSync(fd).size;
  if (kept > options.size) {
    ftruncateSync(fd, 0);
    return 0;
  }
  if (kept === 0) return 0;
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let position = 0;
  while (position < kept) {
    const count = readSync(fd, buffer, 0, buffer.length, position);
    if (count === 0) break;
    hasher.update(buffer.subarray(0, count));
    options.onReplay?.(buffer.subarray(0, count));
    position += count;
  }
  return position;
}

function readOrThrow(ctx: Pick<Ctx, 'paths'>, digest: string): Buffer {
  try {
    return readFileSync(blobPath(ctx, digest));
  } catch (error) {
    throw missing(digest, error);
  }
}

function openOrThrow(ctx: Pick<Ctx, 'paths'>, digest: string): number {
  try {
    return openSync(blobPath(ctx, digest), 'r');
  } catch (error) {
    throw missing(digest, error);
  }
}

function missing(digest: string, cause: unknown): unknown {
  if (errnoOf(cause) !== 'ENOENT') return cause;
  return new EngineError('ERR_BLOB_MISSING', `The blob "${digest}" is not in the store`, { hint: 'Pull the image again', cause });
}

function damaged(digest: string): EngineError {
  return new EngineError('ERR_BLOB_DAMAGED', `The blob "${digest}" is damaged: its content does not match its digest`, {
    hint: 'Drop what is damaged, then pull the image again: skiff system check --repair',
  });
}
