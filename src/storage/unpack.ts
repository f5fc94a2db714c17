// Contract of the unpacker; see createUnpacker.
import type { Ctx } from '../sys/context.ts';
import type { LayerRecord } from './records.ts';

export interface UnpackerOptions {
  /** Of the descriptor. Compression is told by the bytes; the type only refuses what cannot be unpacked (encrypted layers). */
  mediaType: string;
  /** Digest of the uncompressed tar. */
  diffId: string;
  /** Compressed size, bytes, as the descriptor has it: the default limit grows with it. */
  size?: number;
  /** Largest uncompressed size, bytes. */
  maxBytes?: number;
  /** Gets one sentence for what was left out (device nodes), at most one per kind. */
  onNotice?: (message: string) => void;
}

export interface Unpacker {
  /** Takes compressed bytes; they are on their way to files when it returns. The buffer may be reused. Throws after cleaning up. */
  write(chunk: Uint8Array): void;
  /** Checks the end and the diff-id, then makes the layer visible. Throws after cleaning up. */
  end(): LayerRecord;
  /** Removes everything. Harmless after `end` or a throw. */
  abort(): void;
}

export declare function createUnpacker(ctx: Ctx, options: UnpackerOptions): Unpacker;
