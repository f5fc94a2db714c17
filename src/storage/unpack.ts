// Turns the bytes of a compressed layer into `layers/<diff-id>/fs`: inflate → sha256 of the tar → tar reader → files, all before `write`
// returns and without a temporary tar. The layer is made in tmp/ under a claim and appears by one rename, once its diff-id is
// right; whatever goes wrong, and wherever we die, nothing of it remains but garbage that a sweep takes.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setUmask } from '../sys/at.ts';
import { bootId } from '../sys/boot.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { type Claim, claim } from './claim.ts';
import { hexOfDigest } from './digest.ts';
import { createInflater, type Inflater } from './inflate.ts';
import { commitLayer, layerRecordPath } from './layer.ts';
import { createLayerWriter } from './layer-writer.ts';
import { tmpDir } from './layout.ts';
import type { LayerRecord } from './records.ts';
import { createTarReader, truncated } from './tar-reader.ts';
import { createLayerLimit } from './unpack-limit.ts';

export interface UnpackerOptions {
  /** Of the descriptor. Compression is told by the bytes; the type only refuses what cannot be unpacked (encrypted layers). */
  mediaType: string;
  /** Digest that the uncompressed tar must have; left out for a layer that is being made, whatever its digest turns out to be. */
  diffId?: string | undefined;
  /** The bytes are a tar, whatever they look like. */
  isPlain?: boolean;
  /** Hears the digest before the layer becomes visible: the time to protect it. */
  onDiffId?: (diffId: string) => void;
  /** Largest uncompressed size, bytes; default: see unpack-limit.ts. */
  maxBytes?: number | undefined;
  /** Gets one sentence for what was left out (device nodes), at most one per kind. */
  onNotice?: (message: string) => void;
}

export interface Unpacker {
  /** Takes compressed bytes; they are files when it returns. The buffer may be reused. After a throw everything is cleaned up. */
  write(chunk: Uint8Array): void;
  /** Checks the end and the diff-id, then makes the layer visible. After a throw everything is cleaned up. */
  end(): LayerRecord;
  /** Removes everything. Harmless after `end` or a throw. */
  abort(): void;
}

/**
 * Throws ERR_LAYER_ESCAPE, ERR_LAYER_TOO_LARGE, ERR_LAYER_TRUNCATED, ERR_LAYER_CORRUPT, ERR_LAYER_UNSUPPORTED, ERR_DIGEST_MISMATCH or
 * ERR_NO_SPACE, from `write` and `end`.
 */
export function createUnpacker(ctx: Ctx, options: UnpackerOptions): Unpacker {
  refuseEncrypted(options.mediaType);
  const { hold, path } = makeFolder(ctx, options.diffId);
  const writer = createLayerWriter(join(path, 'fs'), options.onNotice ?? (() => {}));
  const reader = createTarReader(writer);
  const hasher = new Bun.CryptoHasher('sha256');
  const limit = createLayerLimit(ctx.env, options.maxBytes);
  const inflater = (options.isPlain ? plain : createInflater)((data) => {
    limit.uncompressed(data.length);
    hasher.update(data);
    reader.write(data);
  });
  let isOpen = true;

  return { write: (chunk) => guarded(() => write(chunk)), end: () => guarded(end), abort };

  function write(chunk: Uint8Array): void {
    limit.compressed(chunk.length);
    inflater.write(chunk);
  }

  function end(): LayerRecord {
    inflater.end();
    const isComplete = reader.end();
    const actual = `sha256:${hasher.digest('hex')}`;
    if (options.diffId !== undefined && actual !== options.diffId) {
      if (!isComplete) throw truncated('has no end');
      throw new EngineError(
        'ERR_DIGEST_MISMATCH',
        `Refused the layer: its content has the digest "${actual}", its image says "${options.diffId}"`,
      );
    }
    const { ungranted, ...written } = writer.finish();
    const record: LayerRecord = { version: 1, diffId: actual, ...written, bootId: bootId(ctx.env) };
    if (ungranted !== '') writeFileSync(join(path, 'owners.ndjson'), ungranted, { mode: 0o600 });
    writeFileSync(layerRecordPath(path), `${JSON.stringify(record)}\n`, { mode: 0o600 });
    close();
    options.onDiffId?.(actual);
    commitLayer(ctx, actual, path);
    hold.release();
    return record;
  }

  // Modes are the archive's, not the user's: the umask is set aside for exactly as long as no other code can run.
  function guarded<T>(work: () => T): T {
    const umask = setUmask(0);
    try {
      return work();
    } catch (error) {
      abort();
      throw explained(error);
    } finally {
      setUmask(umask);
    }
  }

  function abort(): void {
    if (!isOpen) return;
    close();
    rmSync(path, { recursive: true, force: true });
    hold.release();
  }

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    inflater.close();
    writer.close();
  }
}

function plain(onData: (data: Buffer) => void): Inflater {
  return { write: (data) => onData(Buffer.from(data.buffer, data.byteOffset, data.length)), end: () => undefined, close: () => undefined };
}

function makeFolder(ctx: Ctx, diffId: string | undefined): { hold: Claim; path: string } {
  const start = diffId === undefined ? 'new' : hexOfDigest(diffId).slice(0, 12);
  for (;;) {
    const name = `layer-${start}-${Math.random().toString(36).slice(2)}`;
    const hold = claim(ctx, name);
    if (!hold) continue;
    const path = join(tmpDir(ctx), name);
    mkdirSync(join(path, 'fs'), { recursive: true, mode: 0o700 });
    return { hold, path };
  }
}

function refuseEncrypted(mediaType: string): void {
  if (!mediaType.endsWith('+encrypted')) return;
  throw new EngineError('ERR_LAYER_UNSUPPORTED', `Cannot unpack the layer: its media type "${mediaType}" says that it is encrypted`);
}

function explained(error: unknown): unknown {
  const code = errnoOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new EngineError('ERR_NO_SPACE', 'Cannot unpack the layer: no space left on the device', {
      hint: 'Make room, for instance with: skiff rmi IMAGE. Nothing of the layer was kept',
      cause: error,
    });
  }
  if (code === 'ENAMETOOLONG') return new EngineError('ERR_LAYER_CORRUPT', 'Refused the layer: a name in it is too long', { cause: error });
  return error;
}
