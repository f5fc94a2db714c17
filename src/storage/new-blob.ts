// A blob whose digest is known only when it has been written: made in tmp/ under a claim, renamed into place at the end. Whatever goes
// wrong, and wherever we die, nothing of it remains but garbage that a sweep takes.
import { closeSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeAll } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { claim } from './claim.ts';
import { blobPath, tmpDir } from './layout.ts';

export interface NewBlob {
  write(chunk: Uint8Array): void;
  /**
   * Makes the blob visible; `onDigest` hears its digest before, which is the time to protect it. It reaches the disk with `syncStore`.
   * `known`: the digest, where the writer has been told that somebody else takes it.
   */
  commit(onDigest: (digest: string) => void, known?: string): { digest: string; size: number };
  /** Removes everything. Harmless after `commit`. */
  abort(): void;
}

export function createNewBlob(ctx: Pick<Ctx, 'paths'>, { isHashed = true } = {}): NewBlob {
  const { path, hold } = place(ctx);
  const hasher = new Bun.CryptoHasher('sha256');
  const fd = openSync(path, 'wx', 0o600);
  let size = 0;
  let isOpen = true;

  return { write, commit, abort };

  function write(chunk: Uint8Array): void {
    if (!isOpen) return;
    size += chunk.length;
    if (isHashed) hasher.update(chunk);
    writeAll(fd, chunk);
  }

  function commit(onDigest: (digest: string) => void, known?: string): { digest: string; size: number } {
    const digest = known ?? `sha256:${hasher.digest('hex')}`;
    onDigest(digest);
    const target = blobPath(ctx, digest);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    renameSync(path, target);
    close();
    return { digest, size };
  }

  function abort(): void {
    if (!isOpen) return;
    rmSync(path, { force: true });
    close();
  }

  function close(): void {
    isOpen = false;
    closeSync(fd);
    hold.release();
  }
}

function place(ctx: Pick<Ctx, 'paths'>): { path: string; hold: { release(): void } } {
  for (;;) {
    // The sweep takes blobs that no living claim holds after a day, others at once.
    const name = `layer-blob-${Math.random().toString(36).slice(2)}`;
    const hold = claim(ctx, name);
    if (hold) return { path: join(tmpDir(ctx), name), hold };
  }
}
