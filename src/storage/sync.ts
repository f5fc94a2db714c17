// Durability of what was made since the last call: one syncfs for the whole store instead of an fsync per file. It must be done
// before a record that makes the new layers reachable is written (`putImage` does so itself).
import { closeSync, mkdirSync, openSync } from 'node:fs';
import type { Ctx } from '../sys/context.ts';
import { c, check } from '../sys/ffi.ts';

/** Writes everything on the store's file system to the disk. Blocks until it is there. */
export function syncStore(ctx: Pick<Ctx, 'paths'>): void {
  mkdirSync(ctx.paths.data, { recursive: true, mode: 0o700 });
  const fd = openSync(ctx.paths.data, 'r');
  try {
    syncFileSystem(fd);
  } finally {
    closeSync(fd);
  }
}

/** The same for the file system that `fd` is open on. */
export function syncFileSystem(fd: number): void {
  check(c.syncfs(fd), 'syncfs');
}
