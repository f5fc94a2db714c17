// Follows a path as a process whose root is `root` would, one component at a time and by descriptors alone: a symlink, absolute or with any
// number of `..`, leads nowhere but inside, and who changes the tree meanwhile can lead the walk to another place inside at worst.
// `..` goes back to the descriptor we came from and is never asked of the kernel, for a folder that is moved away has another parent.
// Paths are byte strings (see at.ts). Where a path that leads out is to be refused, not led back inside, there is beneath.ts.
import { closeFd, openPlaceAt, readLinkAt } from './at.ts';
import { SystemError } from './ffi.ts';
import { type FileKind, kindOf, statFd } from './look-at.ts';

/** Where a path ends. */
export interface WalkEnd {
  /** The folder that holds it: an O_PATH descriptor, which the caller closes. */
  folder: number;
  /** The canonical path of `folder`: no symlink, no `..`, `/` for the root. */
  folderPath: string;
  /** Its name in `folder`; `.` for the root. */
  base: string;
  /** Undefined when `folder` has nothing of that name. */
  kind: FileKind | undefined;
}

/** Linux's limit on symlinks in one path. */
const MOST_SYMLINKS = 40;
const ENOENT = 2;
const ENOTDIR = 20;
const ELOOP = 40;

/**
 * Walks from `root` (a descriptor, which stays open) along `path`. A symlink as the last component is followed with `follow`, or when a
 * slash or `/.` comes after it, which asks for a folder. Throws ENOENT, ENOTDIR or ELOOP, with the canonical path as far as it was understood.
 */
export function walkInRoot(root: number, path: string, { follow }: { follow: boolean }): WalkEnd {
  const stack: { fd: number; path: string }[] = [{ fd: root, path: '' }];
  const isFolderAsked = /\/\.?$/.test(path);
  let pending = partsOf(path);
  let symlinks = 0;
  try {
    for (;;) {
      const here = stack.at(-1) ?? { fd: root, path: '' };
      const part = pending.shift();
      if (part === undefined) return endAtFolder(stack, root);
      if (part === '..') {
        if (stack.length > 1) closeFd(stack.pop()?.fd ?? -1);
        continue;
      }
      const full = `${here.path}/${part}`;
      const isLast = pending.length === 0;
      const fd = place(here.fd, part);
      if (fd === undefined) {
        if (!isLast) throw new SystemError('walk', ENOENT, full);
        return end(stack, part, undefined);
      }
      const kind = kindOf(statFd(fd));
      if (kind === 'folder') {
        stack.push({ fd, path: full });
        continue;
      }
      const target = kind === 'symlink' ? readLinkAt(fd, '') : undefined;
      closeFd(fd);
      if (target !== undefined && (!isLast || follow || isFolderAsked)) {
        if (++symlinks > MOST_SYMLINKS) throw new SystemError('walk', ELOOP, full);
        pending = [...partsOf(target), ...pending];
        if (target.startsWith('/')) while (stack.length > 1) closeFd(stack.pop()?.fd ?? -1);
        continue;
      }
      if (!isLast || isFolderAsked) throw new SystemError('walk', ENOTDIR, full);
      return end(stack, part, kind);
    }
  } finally {
    for (const { fd } of stack.slice(1)) closeFd(fd);
  }
}

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

function place(folder: number, part: string): number | undefined {
  try {
    return openPlaceAt(folder, part);
  } catch (error) {
    if (error instanceof SystemError && error.errno === ENOENT) return undefined;
    throw error;
  }
}

function end(stack: { fd: number; path: string }[], base: string, kind: FileKind | undefined): WalkEnd {
  const last = stack.at(-1);
  const folderPath = last?.path || '/';
  // The root's own descriptor is not ours to give away.
  const folder = last && stack.length > 1 ? last.fd : openPlaceAt(last?.fd ?? -1, '.');
  if (stack.length > 1) stack.pop();
  return { folder, folderPath, base, kind };
}

// The path led to a folder: its last one, whose name is that of its canonical path.
function endAtFolder(stack: { fd: number; path: string }[], root: number): WalkEnd {
  if (stack.length === 1) return { folder: openPlaceAt(root, '.'), folderPath: '/', base: '.', kind: 'folder' };
  const found = stack.pop() ?? { fd: root, path: '' };
  closeFd(found.fd);
  return end(stack, found.path.slice(found.path.lastIndexOf('/') + 1), 'folder');
}
