// Several layers as one (`--squash`): what the layers on top of others changed, together, as the tar of a layer over those below. What the upper ones
// deleted of each other is gone; what they deleted of the lower ones is a whiteout, and a folder that replaces one of theirs is opaque.
import type { Ctx } from '../sys/context.ts';
import { statAt } from '../sys/read-at.ts';
import { openLayerStack } from './layer-stack.ts';
import { find, isFolder, isOpaque, join, namesInAll, type RealFolder } from './stacked-tree.ts';
import type { TarWriter } from './tar-writer.ts';
import { createTreePacker } from './tree-pack.ts';
import { readTrueOwners } from './true-owners.ts';
import { whiteout } from './whiteout.ts';

export interface SquashOptions {
  /** Diff-ids, lowest first. */
  lower: readonly string[];
  upper: readonly string[];
  /** Called often: the place to wait for other work, and to throw. */
  onPause: () => Promise<void>;
}

/** Writes the layer, without the archive's end, and returns the number of its entries. Throws ERR_LAYER_MISSING. */
export async function packSquashed(ctx: Pick<Ctx, 'paths'>, tar: TarWriter, { lower, upper, onPause }: SquashOptions): Promise<number> {
  const all = openLayerStack(ctx, [...lower, ...upper]);
  const below = openLayerStack(ctx, lower);
  const uppers = new Set(all.layers.slice(0, new Set(upper).size).map(({ fd }) => fd));
  const isUpper = ({ fd }: RealFolder): boolean => uppers.has(fd);
  const packer = createTreePacker(tar, { owners: readTrueOwners(ctx, all.diffIds), onPause });
  let count = 0;
  try {
    const opaque = all.layers.findIndex(isOpaque);
    const stack = opaque < 0 ? all.layers : all.layers.slice(0, opaque + 1);
    await addRoot(stack[0]);
    const isReplaced = stack.every(isUpper);
    if (isReplaced && below.layers.length > 0) addWhiteout('.wh..wh..opq');
    await walk(stack, isReplaced ? [] : below.layers, '');
  } finally {
    all.close();
    below.close();
  }
  return count;

  async function walk(stack: readonly RealFolder[], covered: readonly RealFolder[], path: string): Promise<void> {
    for (const name of namesInAll(stack.filter(isUpper))) {
      const place = join(path, name);
      const found = find(stack, name);
      const under = find(covered, name);
      if (!found) {
        if (under) addWhiteout(join(path, `.wh.${name}`));
        continue;
      }
      if (!isUpper(found.folder)) continue;
      await packer.add(place, found);
      count++;
      if (!isFolder(found.stat)) continue;
      const goesOn = found.stack.some((folder) => !isUpper(folder));
      if (!goesOn && under && isFolder(under.stat)) addWhiteout(`${place}/.wh..wh..opq`);
      await walk(found.stack, goesOn ? (under?.stack ?? []) : [], place);
    }
  }

  function addWhiteout(name: string): void {
    tar.entry(whiteout(name));
    count++;
  }

  // As in every layer, the root is told of only where it is unusual.
  async function addRoot(root: RealFolder | undefined): Promise<void> {
    const stat = root && isUpper(root) ? statAt(root.fd, root.path) : undefined;
    if (!root || !stat || ((stat.mode & 0o7777) === 0o755 && stat.uid === 0 && stat.gid === 0)) return;
    await packer.add('', { folder: root, name: '', stat });
    count++;
  }
}
