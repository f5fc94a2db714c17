// A layer being made from the bytes of its tar, and kept as that tar: one pass gives blob and unpacked folder, and their one digest. Both appear at
// the end, under the protection of the caller's claim; nothing reaches them until a record does.
import type { Ctx } from '../sys/context.ts';
import type { Claim } from './claim.ts';
import { createNewBlob } from './new-blob.ts';
import { createUnpacker } from './unpack.ts';

export const PLAIN_LAYER = 'application/vnd.oci.image.layer.v1.tar';

export interface PlainLayer {
  /** Takes the tar's next bytes; the buffer may be reused. After a throw only `abort` is left. */
  write(chunk: Uint8Array): void;
  /** Makes blob and folder visible. */
  finish(): { digest: string; diffId: string; mediaType: string; size: number; sizeBytes: number };
  /** Removes everything. Harmless after `finish`. */
  abort(): void;
}

export function createPlainLayer(ctx: Ctx, hold: Claim): PlainLayer {
  const unpacker = createUnpacker(ctx, {
    mediaType: PLAIN_LAYER,
    isPlain: true,
    maxBytes: Number.POSITIVE_INFINITY,
    onNotice: ctx.warn,
    onDiffId: (diffId) => hold.protect([diffId]),
  });
  const blob = createNewBlob(ctx, { isHashed: false });

  return { write, finish, abort };

  function write(chunk: Uint8Array): void {
    blob.write(chunk);
    unpacker.write(chunk);
  }

  function finish(): ReturnType<PlainLayer['finish']> {
    const { diffId, sizeBytes } = unpacker.end();
    const { digest, size } = blob.commit(() => undefined, diffId);
    return { digest, diffId, mediaType: PLAIN_LAYER, size, sizeBytes };
  }

  function abort(): void {
    unpacker.abort();
    blob.abort();
  }
}
