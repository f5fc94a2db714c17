// Where a folder of a container really lies, when all of it lies in one layer: then it can be read there, without the overlay, and its files'
// contents can be shared with copies of them, which the kernel refuses from one file system (the overlay) to another.
import { closeSync } from 'node:fs';
import { openFolderAt } from '../sys/at.ts';
import type { Ctx } from '../sys/context.ts';
import { duplicate } from '../sys/fd.ts';
import { openContainerTree } from './container-tree.ts';
import type { ContainerRecord } from './records.ts';
import { find, isFolder, type RealFolder } from './stacked-tree.ts';

/** A descriptor of the folder at `inside` (no symlink in it), to be closed by the caller; undefined when several layers, or the container, hold a part of it. */
export function openInOneLayer(ctx: Pick<Ctx, 'paths'>, record: ContainerRecord, inside: string): number | undefined {
  const tree = openContainerTree(ctx, record);
  try {
    let stack: RealFolder[] = [...(tree.own ? [tree.own] : []), ...tree.layers];
    // Names are byte strings there.
    for (const name of Buffer.from(inside).toString('latin1').split('/').filter(Boolean)) {
      const found = find(stack, name);
      if (!found || !isFolder(found.stat)) return undefined;
      stack = found.stack;
    }
    const [only] = stack;
    if (!only || stack.length > 1 || only.isLive) return undefined;
    return openBelow(only);
  } finally {
    tree.close();
  }
}

function openBelow({ fd, path }: RealFolder): number {
  let folder = duplicate(fd);
  for (const name of path.split('/').filter(Boolean)) {
    const next = openFolderAt(folder, name);
    closeSync(folder);
    folder = next;
  }
  return folder;
}
