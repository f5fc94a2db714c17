// The folders of a layer being unpacked. Only folders made here are ever walked into, and they are known by name, so no path of the
// archive is resolved by the kernel beyond them: a symlink on the way is seen as such. One that leads to another folder of the same layer is
// followed by name, as in a chroot; any other is refused. Owners, modes and times of folders are set last, children before
// parents, because filling a folder changes its time and a read-only one could not be filled.
import { closeSync, openSync } from 'node:fs';
import { chmodFd, chownFd, closeFd, makeFolderAt, openFolderAt, readLinkAt, setTimesFd } from '../sys/at.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import type { Ownership } from './layer-owner.ts';
import { escapes, shown, splitPath } from './layer-path.ts';
import type { XattrSetter } from './layer-xattr.ts';
import type { TreeEntry } from './tree-sum.ts';

export interface FolderMeta {
  mode: number;
  uid: number;
  gid: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  xattrs: Map<string, Buffer> | undefined;
  isOpaque: boolean;
}

export interface Folders {
  has(path: string): boolean;
  get(path: string): FolderMeta | undefined;
  /** A descriptor of a known folder; the cache keeps it open for at least the next few calls. */
  open(path: string): number;
  /** The known folder that `path` names, its missing parts made; `entry` is named in the refusal. */
  ensure(path: string, entry: string): string;
  /** Records a folder (made already, or here) and what it shall become. */
  put(path: string, meta: FolderMeta): void;
  /** Forgets a folder and everything below it. */
  forget(path: string): void;
  /** Gives every folder its owner, mode, xattrs and times; returns them for the sum. */
  finish(ownership: Ownership, setXattrs: XattrSetter): Iterable<TreeEntry>;
  close(): void;
}

/** Descriptors kept open: archives go folder by folder, seldom deeper than this. */
const OPEN_FOLDERS = 24;
const MOST_LINKS = 40;
// For a parent that has no entry of its own; a fixed time, so that equal layers are equal.
const IMPLICIT: FolderMeta = { mode: 0o755, uid: 0, gid: 0, mtimeSeconds: 0, mtimeNanoseconds: 0, xattrs: undefined, isOpaque: false };

/** `whiteouts` knows, and removes, the whiteout that may stand where a folder is wanted. */
export function createFolders(root: string, whiteouts: { has(path: string): boolean; drop(path: string): void }): Folders {
  const rootFd = openSync(root, 'r');
  const known = new Map<string, FolderMeta>([['', { ...IMPLICIT }]]);
  const descriptors = new Map<string, number>();
  let newest = { path: '', fd: rootFd };

  return { has: (path) => known.has(path), get: (path) => known.get(path), open, ensure, put, forget, finish, close };

  function open(path: string): number {
    if (path === '') return rootFd;
    if (path === newest.path) return newest.fd;
    const cached = descriptors.get(path);
    if (cached === undefined && descriptors.size >= OPEN_FOLDERS) closeOldest();
    const fd = cached ?? openKnown(path);
    // Deleted first so that the map's order is the order of use.
    descriptors.delete(path);
    descriptors.set(path, fd);
    newest = { path, fd };
    return fd;
  }

  // From its parent where that is open: from the root, a chain of folders would cost the square of its length.
  function openKnown(path: string): number {
    const { folder, base } = splitPath(path);
    const parent = descriptors.get(folder);
    return parent === undefined ? openFolderAt(rootFd, path) : openFolderAt(parent, base);
  }

  function closeOldest(): void {
    for (const [path, fd] of descriptors) {
      closeFd(fd);
      descriptors.delete(path);
      return;
    }
  }

  function ensure(path: string, entry: string): string {
    if (known.has(path)) return path;
    const { folder, base } = splitPath(path);
    const parent = ensure(folder, entry);
    const full = parent === '' ? base : `${parent}/${base}`;
    if (known.has(full)) return full;
    if (whiteouts.has(full)) return replaceWhiteout(parent, base, full);
    if (!makeFolderAt(open(parent), base, 0o700)) return follow(parent, base, entry, 0);
    known.set(full, { ...IMPLICIT });
    return full;
  }

  // The layer removes what is below and puts a folder in its place: that is an opaque folder.
  function replaceWhiteout(parent: string, base: string, full: string): string {
    whiteouts.drop(full);
    makeFolderAt(open(parent), base, 0o700);
    known.set(full, { ...IMPLICIT, isOpaque: true });
    return full;
  }

  function follow(parent: string, base: string, entry: string, links: number): string {
    const at = parent === '' ? base : `${parent}/${base}`;
    const target = linkTarget(parent, base, entry);
    if (links > MOST_LINKS) throw escapes(entry, `too many symlinks at "${shown(at)}"`);
    let here = target.startsWith('/') ? '' : parent;
    for (const part of target.split('/')) {
      if (part === '' || part === '.') continue;
      if (part === '..' && here === '') throw escapes(entry, `"${shown(at)}" is a symlink to "${shown(target)}"`);
      if (part === '..') here = splitPath(here).folder;
      else here = step(here, part);
    }
    return here;

    function step(folder: string, name: string): string {
      const next = folder === '' ? name : `${folder}/${name}`;
      if (known.has(next)) return next;
      try {
        return follow(folder, name, entry, links + 1);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ERR_LAYER_CORRUPT') throw error;
        throw escapes(entry, `"${shown(at)}" is a symlink to "${shown(target)}"`);
      }
    }
  }

  function linkTarget(parent: string, base: string, entry: string): string {
    try {
      return readLinkAt(open(parent), base);
    } catch (error) {
      if (errnoOf(error) !== 'EINVAL') throw error;
      throw new EngineError(
        'ERR_LAYER_CORRUPT',
        `Refused the layer: its entry "${shown(entry)}" lies below "${shown(base)}", which is no folder`,
      );
    }
  }

  function put(path: string, meta: FolderMeta): void {
    known.set(path, meta);
  }

  function forget(path: string): void {
    newest = { path: '', fd: rootFd };
    const below = `${path}/`;
    for (const name of known.keys()) if (name === path || name.startsWith(below)) known.delete(name);
    for (const [name, fd] of descriptors) {
      if (name !== path && !name.startsWith(below)) continue;
      closeFd(fd);
      descriptors.delete(name);
    }
  }

  function* finish(ownership: Ownership, setXattrs: XattrSetter): Iterable<TreeEntry> {
    closeDescriptors();
    for (const [path, meta] of [...known].reverse()) {
      const fd = path === '' ? rootFd : openFolderAt(rootFd, path);
      yield settle(fd, path, meta, ownership, setXattrs);
      if (path !== '') closeFd(fd);
    }
  }

  function closeDescriptors(): void {
    for (const fd of descriptors.values()) closeFd(fd);
    descriptors.clear();
    newest = { path: '', fd: rootFd };
  }

  function close(): void {
    closeDescriptors();
    closeSync(rootFd);
  }
}

function settle(fd: number, path: string, meta: FolderMeta, ownership: Ownership, setXattrs: XattrSetter): TreeEntry {
  const { uid, gid, mode, needsChown } = ownership.grant(path, meta.uid, meta.gid, meta.mode);
  if (needsChown) chownFd(fd, uid, gid);
  chmodFd(fd, mode);
  const xattrs = setXattrs(fd, meta.xattrs, meta.isOpaque);
  setTimesFd(fd, meta.mtimeSeconds, meta.mtimeNanoseconds);
  return { path, type: 'd', mode, uid, gid, size: 0, mtimeSeconds: meta.mtimeSeconds, crc: 0, link: '', xattrs };
}
