// A layer being made from the bytes of its tar: one pass gives the compressed blob, the unpacked folder, and both digests. Blob and folder
// appear at the end, under the protection of the caller's claim, and nothing reaches them until an image record does.
import type { Ctx } from '../sys/context.ts';
import type { Claim } from './claim.ts';
import { createGzip, type Gzip } from './gzip.ts';
import { createNewBlob } from './new-blob.ts';
import { createUnpacker } from './unpack.ts';

export interface NewLayer {
  /** Takes the tar's next bytes; the buffer may be reused. After a throw only `abort` is left. */
  write(chunk: Uint8Array): void;
  /** Resolves when more may be written. To be waited for now and then: it bounds the memory. Throws what went wrong. */
  room(): Promise<void>;
  /** Makes blob and folder visible. */
  finish(): Promise<MadeLayer>;
  /** Removes everything. Harmless after `finish`. */
  abort(): void;
}

export interface MadeLayer {
  digest: string;
  diffId: string;
  /** Of the blob, compressed. */
  size: number;
  /** Sum of file sizes, unpacked. */
  sizeBytes: number;
}

const TAR = 'application/vnd.oci.image.layer.v1.tar';

/** With `isPlain` the blob is the tar itself, and its digest the diff-id. */
export function createNewLayer(ctx: Ctx, hold: Claim, { isPlain = false }: { isPlain?: boolean } = {}): NewLayer {
  const unpacker = createUnpacker(ctx, {
    mediaType: TAR,
    isPlain: true,
    maxBytes: Number.POSITIVE_INFINITY,
    onNotice: ctx.warn,
    onDiffId: (diffId) => hold.protect([diffId]),
  });
  const blob = createNewBlob(ctx);
  const packer = isPlain ? plain(blob.write) : createGzip(blob.write);

  return { write, room: packer.room, finish, abort };

  function write(chunk: Uint8Array): void {
    packer.write(chunk);
    unpacker.write(chunk);
  }

  async function finish(): Promise<MadeLayer> {
    await packer.end();
    const { digest, size } = blob.commit((made) => hold.protect([made]));
    const { diffId, sizeBytes } = unpacker.end();
    return { digest, diffId, size, sizeBytes };
  }

  function abort(): void {
    unpacker.abort();
    blob.abort();
  }
}

const plain = (write: (chunk: Uint8Array) => void): Gzip => ({ write, room: async () => undefined, end: async () => undefined });
