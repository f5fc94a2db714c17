// An image's files as one read-only tree, for `--mount type=image`: by the ladder of the container's own rootfs (overlay, fuse-overlayfs,
// copy), without an upper folder. One layer is its own tree. In the supervisor's mount namespace; the caller mounts it read-only.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { layerFs } from '../storage/layout.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, messageOf } from '../sys/errors.ts';
import { chdir, mount } from '../sys/mount.ts';
import { emptyLayer, mountFuse, requireLayer, type StorageDriver, shortNames } from './rootfs.ts';
import { copyLayers } from './rootfs-copy.ts';

export interface ImageMount {
  driver: StorageDriver;
  /** Diff-ids, base first. */
  layers: readonly string[];
  /** A folder on the supervisor's tmpfs, for this mount alone. */
  scratch: string;
  /** A folder on disk where a copy is kept. */
  copies: string;
  /** Told of a child that stays. */
  onSpawn: (pid: number) => void;
  /** Ends what takes long. */
  signal: AbortSignal;
  idMapping?: readonly string[];
}

/** Returns where the tree is. Throws ERR_ROOTFS, ERR_HANGS. */
export async function mountImage(ctx: Ctx, { driver, layers, scratch, copies, onSpawn, signal, idMapping }: ImageMount): Promise<string> {
  const topFirst = [...new Set(layers.toReversed())].map((diffId) => layerFs(ctx, diffId));
  for (const layer of topFirst) requireLayer(layer);
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const [only] = topFirst;
  if (only === undefined) return emptyLayer(scratch);
  if (topFirst.length === 1 && !idMapping) return only;
  if (driver === 'copy') {
    mkdirSync(copies, { recursive: true, mode: 0o700 });
    return copyLayers(topFirst.toReversed(), copies, { onSpawn, signal });
  }
  const merged = join(scratch, 'merged');
  mkdirSync(merged);
  if (driver === 'fuse-overlayfs') await mountFuse(ctx, merged, { topFirst, scratch, onSpawn, ...(idMapping ? { idMapping } : {}) });
  else mountOverlay(topFirst, merged, scratch);
  return merged;
}

function mountOverlay(topFirst: string[], merged: string, scratch: string): void {
  const lower = shortNames(topFirst, scratch);
  chdir(scratch);
  try {
    mount('overlay', merged, { type: 'overlay', data: `lowerdir=${lower},userxattr` });
  } catch (error) {
    throw new EngineError('ERR_ROOTFS', `Cannot mount an image with overlay: ${messageOf(error)}`, {
      hint: 'Make the container with --storage-driver fuse-overlayfs, or copy',
      cause: error,
      exitCode: 125,
    });
  } finally {
    chdir('/');
  }
}
