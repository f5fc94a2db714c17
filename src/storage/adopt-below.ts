// The layers below a folder that is to be a layer, for the few questions that its walk has of them. They are opened with the first.
import { openSync } from 'node:fs';
import { closeFd } from '../sys/at.ts';
import type { Ctx } from '../sys/context.ts';
import { type NodeStat, openToReadAt, statAt } from '../sys/read-at.ts';
import { xattrsToKeep } from './layer-xattr.ts';
import { layerFs } from './layout.ts';
import { type Found, find, isFolder, join, type RealFolder } from './stacked-tree.ts';

export interface LayersBelow {
  /** Of the topmost one; undefined where there is none. */
  root(): NodeStat | undefined;
  /** Whether they show a folder under the path. */
  hasFolder(path: string): boolean;
  /** Whether they show the same folder under the path as the open one: then that is only younger, for instance by what was made in it and removed again. */
  hasSame(folder: { fd: number; path: string; stat: NodeStat }): boolean;
  close(): void;
}

/** `layers`: diff-ids, base first. */
export function layersBelow(ctx: Pick<Ctx, 'paths'>, layers: readonly string[]): LayersBelow {
  let opened: RealFolder[] | undefined;

  return { root, hasFolder, hasSame, close };

  function open(): RealFolder[] {
    opened ??= [...new Set(layers.toReversed())].map((diffId) => ({
      fd: openSync(layerFs(ctx, diffId), 'r'),
      path: '',
      isLive: false,
      isFuse: false,
    }));
    return opened;
  }

  function root(): NodeStat | undefined {
    const [top] = open();
    return top && statAt(top.fd, '');
  }

  function lookUp(path: string): Found | undefined {
    let stack = open();
    let found: Found | undefined;
    for (const name of path.split('/')) {
      found = find(stack, name);
      if (!found) return undefined;
      stack = found.stack;
    }
    return found;
  }

  function hasFolder(path: string): boolean {
    const found = lookUp(path);
    return found !== undefined && isFolder(found.stat);
  }

  function hasSame({ fd, path, stat }: { fd: number; path: string; stat: NodeStat }): boolean {
    const found = lookUp(path);
    if (!found || !isFolder(found.stat)) return false;
    if (found.stat.mode !== stat.mode || found.stat.uid !== stat.uid || found.stat.gid !== stat.gid) return false;
    const other = openToReadAt(found.folder.fd, join(found.folder.path, found.name));
    try {
      return textOf(xattrsToKeep(fd)) === textOf(xattrsToKeep(other));
    } finally {
      closeFd(other);
    }
  }

  function close(): void {
    for (const { fd } of opened ?? []) closeFd(fd);
  }
}

const textOf = (xattrs: Map<string, Buffer> | undefined): string =>
  [...(xattrs ?? [])]
    .map(([name, value]) => `${name}=${value.toString('hex')}`)
    .sort()
    .join();
