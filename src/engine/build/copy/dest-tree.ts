// The rootfs as it will be: what its layers show, and over it what this step has put so far. It answers where a path leads there, and
// refuses what BuildKit refuses: a file in place of a folder, a folder in place of anything else. Nothing is written yet.
// Trap: in the layer a folder replaces the metadata of the one below it, so every folder on the way to something new goes into it as it is shown now.

import { shown, splitPath } from '../../../storage/layer-path.ts';
import { xattrsToKeep } from '../../../storage/layer-xattr.ts';
import { type Found, find, join, type RealFolder } from '../../../storage/stacked-tree.ts';
import { closeFd, readLinkAt } from '../../../sys/at.ts';
import { EngineError } from '../../../sys/errors.ts';
import { type FileKind, kindOf } from '../../../sys/look-at.ts';
import { type NodeStat, openToReadAt, statAt } from '../../../sys/read-at.ts';
import type { Collected } from './collect.ts';
import type { Owner } from './owner.ts';
import { partsOf, type SourceTree } from './source-tree.ts';

/** One entry of the layer. */
export interface DestNode {
  kind: FileKind;
  mode: number;
  uid: number;
  gid: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  /** Of a symlink. */
  link: string;
  /** Where its content and its attributes come from. */
  from: { file: Collected; source: number } | { text: Buffer } | { xattrs: Map<string, Buffer> | undefined };
}

export interface Instant {
  seconds: number;
  nanoseconds: number;
}

export interface DestTree {
  /** The canonical path that `path` leads to, symlinks followed in the rootfs; what is not there counts as it is written. */
  resolve(path: string): string;
  /** What is at a canonical path. */
  kindAt(path: string): FileKind | undefined;
  /** Makes the folder and those above it that are missing: 0755, of `owner`. */
  makeFolders(path: string, made: { owner: Owner; at: Instant }): void;
  put(path: string, node: DestNode): void;
  /** Takes away what this step put at `path` and below. */
  forget(path: string): void;
  /** In an order in which folders come before what is in them; the root only where it is unusual. */
  entries(): Iterable<[path: string, node: DestNode]>;
}

const MOST_LINKS = 255;

/** `rootfs` is an empty one for `--link`. */
export function createDestTree(rootfs: SourceTree): DestTree {
  const nodes = new Map<string, DestNode>();
  /** Real folders of the rootfs by path; undefined: no folder. */
  const stacks = new Map<string, RealFolder[] | undefined>([['', rootfs.stack]]);

  return { resolve, kindAt, makeFolders, put, forget, entries: () => nodes };

  function kindAt(path: string): FileKind | undefined {
    if (path === '') return 'folder';
    const made = nodes.get(path);
    if (made) return made.kind;
    const old = oldAt(path);
    return old && kindOf(old.stat);
  }

  function oldAt(path: string): Found | undefined {
    const { folder, base } = splitPath(path);
    const stack = oldStack(folder);
    return stack && stack.length > 0 ? find(stack, base) : undefined;
  }

  function oldStack(path: string): RealFolder[] | undefined {
    if (stacks.has(path)) return stacks.get(path);
    const found = oldAt(path);
    const stack = found && kindOf(found.stat) === 'folder' ? found.stack : undefined;
    stacks.set(path, stack);
    return stack;
  }

  function resolve(path: string): string {
    let here: string[] = [];
    let pending = partsOf(path);
    for (let links = 0; pending.length > 0; ) {
      const part = pending.shift() ?? '';
      if (part === '..') {
        here.pop();
        continue;
      }
      const target = linkAt([...here, part].join('/'));
      if (target === undefined) {
        here.push(part);
        continue;
      }
      if (++links > MOST_LINKS) throw new EngineError('ERR_COPY_CONFLICT', `Too many symlinks on the way to "/${shown(path)}"`);
      pending = [...partsOf(target), ...pending];
      if (target.startsWith('/')) here = [];
    }
    return here.join('/');
  }

  function linkAt(path: string): string | undefined {
    const made = nodes.get(path);
    if (made) return made.kind === 'symlink' ? made.link : undefined;
    const old = oldAt(path);
    return old && kindOf(old.stat) === 'symlink' ? readLinkAt(old.folder.fd, join(old.folder.path, old.name)) : undefined;
  }

  function makeFolders(path: string, { owner, at }: { owner: Owner; at: Instant }): void {
    if (path === '' || nodes.get(path)?.kind === 'folder') return;
    const kind = kindAt(path);
    if (kind === 'folder') return;
    if (kind !== undefined) throw new EngineError('ERR_COPY_CONFLICT', `cannot copy to non-directory: /${shown(path)}`);
    makeFolders(splitPath(path).folder, { owner, at });
    const times = { mtimeSeconds: at.seconds, mtimeNanoseconds: at.nanoseconds };
    put(path, { kind: 'folder', mode: 0o755, ...owner, ...times, link: '', from: { xattrs: undefined } });
  }

  function put(path: string, node: DestNode): void {
    keepParents(splitPath(path).folder);
    nodes.set(path, node);
  }

  /** Folders of the rootfs that something new lies in, as they are. */
  function keepParents(path: string): void {
    if (nodes.has(path)) return;
    if (path === '') {
      const root = rootfs.stack[0];
      const stat = root && statAt(root.fd, root.path);
      if (root && stat && isUnusual(stat)) nodes.set('', existing('', stat, root));
      return;
    }
    keepParents(splitPath(path).folder);
    const old = oldAt(path);
    if (old) nodes.set(path, existing(path, old.stat, { ...old.folder, path: join(old.folder.path, old.name) }));
  }

  function existing(path: string, stat: NodeStat, place: RealFolder): DestNode {
    const fd = openToReadAt(place.fd, place.path);
    try {
      const { uid, gid, mode } = rootfs.owners?.of(path, stat) ?? stat;
      const { mtimeSeconds, mtimeNanoseconds } = stat;
      return {
        kind: 'folder',
        mode: mode & 0o7777,
        uid,
        gid,
        mtimeSeconds,
        mtimeNanoseconds,
        link: '',
        from: { xattrs: xattrsToKeep(fd) },
      };
    } finally {
      closeFd(fd);
    }
  }

  function forget(path: string): void {
    for (const name of nodes.keys()) if (name === path || name.startsWith(`${path}/`)) nodes.delete(name);
  }
}

const isUnusual = ({ mode, uid, gid }: NodeStat): boolean => (mode & 0o7777) !== 0o755 || uid !== 0 || gid !== 0;
