// Visits everything in a tree, by descriptors, one name at a time, on one file system: who changes the tree meanwhile leads the walk nowhere
// else. It gives way to other work every few milliseconds.
import { closeFd, openFolderAt } from '../sys/at.ts';
import { errnoOf } from '../sys/errors.ts';
import { type NodeStat, namesAt, S_IFDIR, S_IFMT, statAt } from '../sys/read-at.ts';
import { shown } from './layer-path.ts';
import { TreeCopyError } from './tree-copy.ts';

export interface Visited {
  /** An open folder. */
  folder: number;
  /** A name in it, a byte string; never a symlink's target. */
  name: string;
  stat: NodeStat;
}

/** Calls `visit` for everything below the open folder `root`, folders after what is in them, and last for `.`. Throws TreeCopyError, or the signal's reason. */
export async function walkTree(root: number, visit: (found: Visited) => void, signal: AbortSignal): Promise<void> {
  const top = statAt(root, '.');
  if (!top) return;
  let until = performance.now() + SLICE_MS;
  for (const _ of walk({ folder: root, path: '', device: top.device, visit })) {
    if (performance.now() < until) continue;
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    until = performance.now() + SLICE_MS;
  }
  orTell('', () => visit({ folder: root, name: '.', stat: top }));
}

const SLICE_MS = 8;

interface Place {
  folder: number;
  path: string;
  device: number;
  visit: (found: Visited) => void;
}

function* walk({ folder, path, device, visit }: Place): Generator<void> {
  for (const name of namesAt(folder, '')) {
    const stat = statAt(folder, name);
    // A mount of its own is not of this tree.
    if (!stat || stat.device !== device) continue;
    if ((stat.mode & S_IFMT) === S_IFDIR) {
      const inner = orTell(path + name, () => openFolderAt(folder, name));
      if (inner === undefined) continue;
      try {
        yield* walk({ folder: inner, path: `${path}${name}/`, device, visit });
      } finally {
        closeFd(inner);
      }
    }
    orTell(path + name, () => visit({ folder, name, stat }));
    yield;
  }
}

/** What vanished, or became another kind of thing, is passed over. */
function orTell<T>(path: string, call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return undefined;
    throw new TreeCopyError(shown(path), error);
  }
}
