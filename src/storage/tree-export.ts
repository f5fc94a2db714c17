// All files of a container as one archive: its own folder and its layers as they show through. Sorted by the tree, without the root,
// unless that is unusual.
import { statAt } from '../sys/read-at.ts';
import type { ContainerTree } from './container-tree.ts';
import { enter, find, isFolder, isOpaque, join, leave, namesInAll, orGone, type RealFolder } from './stacked-tree.ts';
import type { TarWriter } from './tar-writer.ts';
import { isMountFile } from './tree-changes.ts';
import { createTreePacker, type PackOptions } from './tree-pack.ts';
import type { TrueOwners } from './true-owners.ts';

/** Writes every entry, without the archive's end. */
export async function packWhole(tar: TarWriter, tree: ContainerTree, options: PackOptions): Promise<void> {
  const packer = createTreePacker(tar, { ...options, owners: withMountFiles(options.owners) });
  const stack = rootStack(tree);
  await addRoot(stack[0]);
  await walk(stack, '');

  async function walk(folders: RealFolder[], path: string): Promise<void> {
    for (const name of namesInAll(folders)) {
      const found = orGone(() => find(folders, name));
      if (!found) continue;
      const place = join(path, name);
      await packer.add(place, found);
      if (isFolder(found.stat)) await walkInto(found.stack, place);
    }
  }

  async function walkInto(folders: RealFolder[], path: string): Promise<void> {
    const inside = enter(folders);
    if (!inside) return;
    try {
      await walk(inside, path);
    } finally {
      leave(inside);
    }
  }

  async function addRoot(root: RealFolder | undefined): Promise<void> {
    const stat = root && statAt(root.fd, root.path);
    if (!root || !stat || ((stat.mode & 0o7777) === 0o755 && stat.uid === 0 && stat.gid === 0)) return;
    await packer.add('', { folder: root, name: '', stat });
  }
}

// The runtime makes its mount points for root's eyes alone; where they are unpacked somebody may want to read what is put there. Docker's
// have this mode.
function withMountFiles(owners: TrueOwners | undefined): TrueOwners {
  return {
    of: (path, stat) => (isMountFile(path, stat) && (stat.mode & 0o7777) === 0o700 ? { ...stat, mode: 0o755 } : owners?.of(path, stat)),
  };
}

function rootStack({ own, isWhole, layers }: ContainerTree): RealFolder[] {
  if (own && isWhole) return [own];
  const all = own ? [own, ...layers] : layers;
  const opaque = all.findIndex(isOpaque);
  return opaque < 0 ? all : all.slice(0, opaque + 1);
}
