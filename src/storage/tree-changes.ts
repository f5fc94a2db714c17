// What a container changed, compared with its layers, in the order of the tree, siblings by name. By Docker's rules: type, mode, owner,
// size and time of modification tell a change, for folders not the time; a folder with changes in it is changed. What only
// became younger in a folder is nobody's change: mount points that the runtime made are left out, and they make it younger.
// Folders are kept back until something below them is told, so that every folder comes before what it holds.
import { closeFd } from '../sys/at.ts';
import { type NodeStat, openToReadAt, S_IFMT, S_IFREG } from '../sys/read-at.ts';
import type { ContainerTree } from './container-tree.ts';
import { xattrsToKeep } from './layer-xattr.ts';
import {
  enter,
  type Found,
  find,
  isFolder,
  isOpaque,
  join,
  leave,
  lookAt,
  namesIn,
  namesInAll,
  orGone,
  type RealFolder,
} from './stacked-tree.ts';

export interface Change {
  /** `same`: told of only where `everything` was asked for, or because a layer that hides what is below must hold it. */
  kind: 'added' | 'changed' | 'deleted' | 'same';
  /** Byte string, relative. */
  path: string;
  /** The container's own file or folder; undefined when deleted. Good until the next change is asked for. */
  node: Pick<Found, 'folder' | 'name' | 'stat'> | undefined;
  /** A folder that hides what the layers hold under its name. What follows below it is whole. */
  hides: boolean;
  /** Lies below a folder that `hides`. */
  isHidden: boolean;
}

export interface ChangeOptions {
  /** What a layer must hold to show the same files: also what the container touched and left as it was, or changed but for its xattrs. */
  forLayer: boolean;
}

/** The files that the runtime makes to mount its own on, and Docker keeps in a layer below the container's. */
const MOUNT_FILES = new Set(['etc/hosts', 'etc/hostname', 'etc/resolv.conf']);
const MOUNT_FOLDERS = new Set(['etc', 'dev', 'proc', 'sys']);

export function* treeChanges(tree: ContainerTree, { forLayer }: ChangeOptions): Generator<Change> {
  const { isWhole, layers } = tree;
  const kept: { change: Change; isTold: boolean }[] = [];
  if (!tree.own) return;
  yield* walk(tree.own, layers, { path: '', isHidden: false, isComplete: isWhole });

  function* walk(own: RealFolder, base: RealFolder[], at: { path: string; isHidden: boolean; isComplete: boolean }): Generator<Change> {
    const isHidden = at.isHidden;
    let names = namesIn(own);
    if ((at.isComplete || isHidden) && base.length > 0) names = [...new Set([...names, ...namesInAll(base)])].sort();
    for (const name of names) {
      const path = join(at.path, name);
      const old = find(base, name);
      const stat = orGone(() => lookAt(own, name));
      if (stat === undefined || stat === 'whiteout') {
        const isDeleted = old !== undefined && (stat === 'whiteout' || at.isComplete || isHidden);
        if (isDeleted) yield* tell({ kind: 'deleted', path, node: undefined, hides: false, isHidden });
        continue;
      }
      if (!old && isMountFile(path, stat)) continue;
      const node = { folder: own, name, stat };
      const kind = old ? kindOf(node, old) : 'added';
      const change: Change = { kind, path, node, hides: false, isHidden };
      if (isFolder(stat)) yield* walkFolder(change, old, at.isComplete);
      else if (kind !== 'same' || (forLayer && (isHidden || !isWhole))) yield* tell(change);
    }
  }

  function* walkFolder(change: Change, old: Found | undefined, isComplete: boolean): Generator<Change> {
    const { node, path, kind } = change;
    if (!node) return;
    const [inside] = enter([{ ...node.folder, path: join(node.folder.path, node.name) }]) ?? [];
    if (!inside) return;
    try {
      change.hides = !isWhole && old !== undefined && isFolder(old.stat) && isOpaque(inside);
      const isMountFolder = !old && MOUNT_FOLDERS.has(path);
      if ((kind !== 'same' && !isMountFolder) || (forLayer && (change.hides || change.isHidden))) yield* tell(change);
      else kept.push({ change, isTold: false });
      const base = old?.stack ?? [];
      yield* walk(inside, base, { path, isHidden: change.isHidden || change.hides, isComplete });
    } finally {
      if (kept.at(-1)?.change === change) kept.pop();
      leave([inside]);
    }
  }

  function* tell(change: Change): Generator<Change> {
    for (const folder of kept) {
      if (folder.isTold) continue;
      folder.isTold = true;
      const { kind } = folder.change;
      yield kind === 'same' ? { ...folder.change, kind: 'changed' } : folder.change;
    }
    yield change;
  }

  function kindOf(node: Pick<Found, 'folder' | 'name' | 'stat'>, old: Found): 'changed' | 'same' {
    if (differs(old.stat, node.stat)) return 'changed';
    // Attributes cost opening both: only where nothing else tells.
    const isRegular = (node.stat.mode & S_IFMT) === S_IFREG;
    if (!isRegular && !(forLayer && isFolder(node.stat))) return 'same';
    const attributes = forLayer ? undefined : 'security.capability';
    return xattrText(node, attributes) === xattrText(old, attributes) ? 'same' : 'changed';
  }
}

/** Whether the container's own file is one that the runtime made to mount a file on. */
export function isMountFile(path: string, { mode, size }: NodeStat): boolean {
  return MOUNT_FILES.has(path) && (mode & S_IFMT) === S_IFREG && size === 0;
}

function differs(old: NodeStat, now: NodeStat): boolean {
  if (old.mode !== now.mode || old.uid !== now.uid || old.gid !== now.gid) return true;
  if (isFolder(now)) return false;
  return old.size !== now.size || old.major !== now.major || old.minor !== now.minor || !isSameTime(old, now);
}

// A layer's tar may know whole seconds only.
function isSameTime(old: NodeStat, now: NodeStat): boolean {
  if (old.mtimeSeconds !== now.mtimeSeconds) return false;
  return old.mtimeNanoseconds === now.mtimeNanoseconds || old.mtimeNanoseconds === 0 || now.mtimeNanoseconds === 0;
}

function xattrText({ folder, name }: Pick<Found, 'folder' | 'name'>, only: string | undefined): string {
  const fd = orGone(() => openToReadAt(folder.fd, join(folder.path, name)));
  if (fd === undefined) return '';
  try {
    return [...(xattrsToKeep(fd) ?? [])]
      .filter(([attribute]) => only === undefined || attribute === only)
      .map(([attribute, value]) => `${attribute}=${value.toString('hex')}`)
      .sort()
      .join();
  } finally {
    closeFd(fd);
  }
}
