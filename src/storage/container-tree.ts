// Where a container's files lie, opened for reading: its own folder (what it changed, or with the driver `copy` all it has) and its
// layers. One that never started has nothing of its own.
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { containerDir, layerFs } from './layout.ts';
import type { ContainerRecord } from './records.ts';
import type { RealFolder } from './stacked-tree.ts';

export interface ContainerTree {
  own: RealFolder | undefined;
  /** The own folder holds everything, not only what differs from the layers. */
  isWhole: boolean;
  /** Topmost first. */
  layers: RealFolder[];
  /** Diff-ids of `layers`. */
  diffIds: string[];
  close(): void;
}

/** Throws ERR_NO_SUCH_CONTAINER when it was removed meanwhile, ERR_LAYER_MISSING. */
export function openContainerTree(ctx: Pick<Ctx, 'paths'>, record: ContainerRecord): ContainerTree {
  const isWhole = record.Driver === 'copy';
  const folder = join(containerDir(ctx, record.Id), isWhole ? 'rootfs' : 'upper');
  const opened: number[] = [];
  const open = (path: string): number => {
    const fd = openSync(path, 'r');
    opened.push(fd);
    return fd;
  };
  const close = (): void => {
    for (const fd of opened) closeSync(fd);
  };
  try {
    if (!existsSync(containerDir(ctx, record.Id))) throw gone(record);
    const hasOwn = !isWhole || existsSync(folder);
    const own = hasOwn ? { fd: open(folder), path: '', isLive: true, isFuse: record.Driver === 'fuse-overlayfs' } : undefined;
    // A layer that is there twice counts where it is topmost, as in the mount.
    const diffIds = [...new Set(record.Layers.toReversed())];
    const layers = diffIds.map((diffId) => ({ fd: openLayer(diffId), path: '', isLive: false, isFuse: false }));
    return { own, isWhole, layers, diffIds, close };
  } catch (error) {
    close();
    throw errnoOf(error) === 'ENOENT' ? gone(record) : error;
  }

  function openLayer(diffId: string): number {
    try {
      return open(layerFs(ctx, diffId));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      throw new EngineError('ERR_LAYER_MISSING', `Cannot read the container "${record.Name}": its layer ${diffId} is missing`, {
        hint: `Pull its image again: skiff pull ${record.Config.Image}`,
      });
    }
  }
}

/** Throws ERR_NO_SUCH_CONTAINER when the container is not there any more: what was read of it may be a part. */
export function assertStillThere(ctx: Pick<Ctx, 'paths'>, record: ContainerRecord): void {
  if (!existsSync(containerDir(ctx, record.Id))) throw gone(record);
}

const gone = ({ Name }: ContainerRecord): EngineError =>
  new EngineError('ERR_NO_SUCH_CONTAINER', `No such container: ${Name}`, { hint: 'It was removed meanwhile' });
