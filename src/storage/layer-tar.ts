// What a container changed as a layer (image-spec, layer.md): what it made or changed, `.wh.<name>` for what it deleted, `.wh..wh..opq`
// in a folder that replaces one of the layers below. Ordered by the tree, so that equal changes make equal bytes.

import { statAt } from '../sys/read-at.ts';
import type { ContainerTree } from './container-tree.ts';
import type { TarWriter } from './tar-writer.ts';
import { treeChanges } from './tree-changes.ts';
import { createTreePacker, type PackOptions } from './tree-pack.ts';
import { whiteout } from './whiteout.ts';

/** Writes the layer, without the archive's end, and returns the number of its entries. `onSkip` hears of names that no layer can hold. */
export async function packChanges(
  tar: TarWriter,
  tree: ContainerTree,
  options: PackOptions & { onSkip: (path: string) => void },
): Promise<number> {
  const packer = createTreePacker(tar, options);
  let count = 0;
  for (const { kind, path, node, hides, isHidden } of treeChanges(tree, { forLayer: true })) {
    if (kind === 'deleted' && isHidden) continue;
    if (baseOf(path).startsWith('.wh.')) {
      options.onSkip(path);
      continue;
    }
    if (count++ === 0) await addRoot();
    if (node) await packer.add(path, node);
    else tar.entry(whiteout(`${path.slice(0, path.length - baseOf(path).length)}.wh.${baseOf(path)}`));
    if (hides) tar.entry(whiteout(`${path}/.wh..wh..opq`));
  }
  return count;

  // Archives say nothing of the root unless it is unusual.
  async function addRoot(): Promise<void> {
    const stat = tree.own && statAt(tree.own.fd, tree.own.path);
    if (!tree.own || !stat || ((stat.mode & 0o7777) === 0o755 && stat.uid === 0 && stat.gid === 0)) return;
    await packer.add('', { folder: tree.own, name: '', stat });
  }
}

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
