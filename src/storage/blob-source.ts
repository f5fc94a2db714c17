// A stored blob to be sent: its bytes from any offset on, as often as that takes. They are not checked on the way, for whoever receives a blob
// checks its digest; when that one complains, `isDamaged` tells who is to blame.
import { closeSync, openSync, readSync } from 'node:fs';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { streamBlob } from './blob.ts';
import { hexOfDigest } from './digest.ts';
import { blobPath } from './layout.ts';

export interface BlobSource {
  /** Ends early, and quietly, once the source is closed: a transfer that was given up may still ask for more. */
  bytes(offset: number): AsyncGenerator<Uint8Array, void>;
  close(): void;
}

const READ_BYTES = 1 << 18;

/** Throws ERR_BLOB_MISSING. */
export function openBlobSource(ctx: Pick<Ctx, 'paths'>, digest: string): BlobSource {
  hexOfDigest(digest);
  const fd = open(ctx, digest);
  let isOpen = true;
  return { bytes, close };

  async function* bytes(offset: number): AsyncGenerator<Uint8Array, void> {
    for (let position = offset; isOpen; ) {
      // A buffer of its own for each chunk: what was given is sent some time later.
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      const count = readSync(fd, buffer, 0, buffer.length, position);
      if (count === 0) return;
      position += count;
      yield buffer.subarray(0, count);
    }
  }

  function close(): void {
    if (isOpen) closeSync(fd);
    isOpen = false;
  }
}

/** Whether the stored bytes are not those of the digest. */
export function isDamaged(ctx: Pick<Ctx, 'paths'>, digest: string): boolean {
  try {
    streamBlob(ctx, digest, () => {});
    return false;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ERR_BLOB_DAMAGED') return true;
    throw error;
  }
}

function open(ctx: Pick<Ctx, 'paths'>, digest: string): number {
  try {
    return openSync(blobPath(ctx, digest), 'r');
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause;
    throw new EngineError('ERR_BLOB_MISSING', `The blob "${digest}" is not in the store`, { hint: 'Pull the image again', cause });
  }
}
