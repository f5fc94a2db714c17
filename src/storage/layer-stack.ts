// Layers opened for reading, without a container on top of them.
import { closeSync, openSync } from 'node:fs';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import type { ContainerTree } from './container-tree.ts';
import { layerFs } from './layout.ts';

/** `diffIds`: base first. To be closed. Throws ERR_LAYER_MISSING. */
export function openLayerStack(ctx: Pick<Ctx, 'paths'>, diffIds: readonly string[]): ContainerTree {
  const opened: number[] = [];
  const close = (): void => {
    for (const fd of opened) closeSync(fd);
  };
  // A layer that is there twice counts where it is topmost, as in the mount.
  const topmost = [...new Set(diffIds.toReversed())];
  try {
    const layers = topmost.map((diffId) => {
      const fd = open(ctx, diffId);
      opened.push(fd);
      return { fd, path: '', isLive: false, isFuse: false };
    });
    return { own: undefined, isWhole: false, layers, diffIds: topmost, close };
  } catch (error) {
    close();
    throw error;
  }
}

function open(ctx: Pick<Ctx, 'paths'>, diffId: string): number {
  try {
    return openSync(layerFs(ctx, diffId), 'r');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new EngineError('ERR_LAYER_MISSING', `The layer "${diffId}" is missing`, { hint: 'Find out what else is: skiff system check' });
  }
}
