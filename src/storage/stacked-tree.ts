// The layers of a container as the kernel stacks them, read without mounting anything: what is topmost counts, a whiteout hides what is
// below it, folders of one name are one folder down to the first that is opaque. So it works the same for every storage driver,
// for running containers and stopped ones.
// Trap: the container's own folder may change while it is read. It is gone through by open folders, one name at a time, so that a
// folder that becomes a symlink leads nowhere; what vanishes is passed over. Layers do not change: they are read by path.
import { closeFd, openFolderAt } from '../sys/at.ts';
import { errnoOf } from '../sys/errors.ts';
import { type NodeStat, namesAt, openToReadAt, S_IFCHR, S_IFDIR, S_IFMT, statAt, xattrOf } from '../sys/read-at.ts';

/** A folder of one layer: `path` below the open folder `fd`, a byte string, '' for `fd` itself. */
export interface RealFolder {
  fd: number;
  path: string;
  /** Who uses it may change it while we read: the container's own. */
  isLive: boolean;
  /** fuse-overlayfs made it: where it could make no device nodes, whiteouts are files `.wh.<name>`. */
  isFuse: boolean;
}

/** What the stack shows under a name. */
export interface Found {
  folder: RealFolder;
  name: string;
  stat: NodeStat;
  /** For a folder: all real folders that show through, the topmost (itself) first. Those of the container are not opened yet. */
  stack: RealFolder[];
}

const WHITEOUT = '.wh.';
const OPAQUE_FILE = '.wh..wh..opq';
const OPAQUE_XATTRS = ['user.overlay.opaque', 'user.fuseoverlayfs.opaque'];

export const isFolder = ({ mode }: NodeStat): boolean => (mode & S_IFMT) === S_IFDIR;

/** What is shown under `name` in the folder whose real folders are `stack`, topmost first; undefined: nothing. */
export function find(stack: readonly RealFolder[], name: string): Found | undefined {
  let top: Found | undefined;
  for (const [index, folder] of stack.entries()) {
    const stat = lookAt(folder, name);
    if (stat === undefined) continue;
    if (stat === 'whiteout' || (top && !isFolder(stat))) break;
    top ??= { folder, name, stat, stack: [] };
    if (!isFolder(stat)) break;
    top.stack.push(below(folder, name));
    if (index < stack.length - 1 && isOpaqueBelow(folder, name)) break;
  }
  return top;
}

/** What one real folder holds under `name`. */
export function lookAt(folder: RealFolder, name: string): NodeStat | 'whiteout' | undefined {
  const stat = statAt(folder.fd, join(folder.path, name));
  if (stat && isWhiteoutNode(stat)) return 'whiteout';
  if (stat === undefined && folder.isFuse && statAt(folder.fd, join(folder.path, WHITEOUT + name))) return 'whiteout';
  return stat;
}

/** The names that one real folder speaks of, whiteouts' among them, sorted. A folder that vanished has none. */
export function namesIn(folder: RealFolder): string[] {
  const names = orGone(() => namesAt(folder.fd, folder.path)) ?? [];
  if (!folder.isFuse || !names.some((name) => name.startsWith(WHITEOUT))) return names;
  const spoken = names
    .filter((name) => name !== OPAQUE_FILE)
    .map((name) => (name.startsWith(WHITEOUT) ? name.slice(WHITEOUT.length) : name));
  return [...new Set(spoken)].sort();
}

/** The names that the whole stack shows or hides, sorted. */
export function namesInAll(stack: readonly RealFolder[]): string[] {
  const [first] = stack;
  if (stack.length === 1 && first) return namesIn(first);
  return [...new Set(stack.flatMap(namesIn))].sort();
}

/** Whether the folder hides what lower layers hold under its name. */
export function isOpaque(folder: RealFolder): boolean {
  const fd = orGone(() => openToReadAt(folder.fd, folder.path));
  if (fd === undefined) return false;
  try {
    if (OPAQUE_XATTRS.some((name) => xattrOf(fd, name)?.toString() === 'y')) return true;
    return folder.isFuse && statAt(fd, OPAQUE_FILE) !== undefined;
  } finally {
    closeFd(fd);
  }
}

/** The stack with the container's own folder opened, to go into it; undefined when that is no folder any more. To be closed by `leave`. */
export function enter(stack: readonly RealFolder[]): RealFolder[] | undefined {
  const [first] = stack;
  if (!first?.isLive) return [...stack];
  const fd = orGone(() => openFolderAt(first.fd, first.path));
  return fd === undefined ? undefined : [{ ...first, fd, path: '' }, ...stack.slice(1)];
}

export function leave([first]: readonly RealFolder[]): void {
  if (first?.isLive) closeFd(first.fd);
}

/** Runs a call on a name that may vanish, or become something else, while we look. */
export function orGone<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'ESTALE'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

export const join = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

const below = (folder: RealFolder, name: string): RealFolder => ({ ...folder, path: join(folder.path, name) });

const isOpaqueBelow = (folder: RealFolder, name: string): boolean => isOpaque(below(folder, name));

const isWhiteoutNode = ({ mode, major, minor }: NodeStat): boolean => (mode & S_IFMT) === S_IFCHR && major === 0 && minor === 0;
