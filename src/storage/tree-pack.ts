// Puts files of a tree into a tar archive: type, owner, mode, times, extended attributes, hard links as such. Sockets are left out, as
// everywhere: they mean nothing without who listens. Holes are written as zeros: the image specification advises against sparse
// entries. What changes while it is read keeps the size it was announced with.
import { closeFd, readLinkAt } from '../sys/at.ts';
import { type NodeStat, openToReadAt, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, statAt } from '../sys/read-at.ts';
import { xattrsToKeep } from './layer-xattr.ts';
import { type Found, join, orGone } from './stacked-tree.ts';
import type { TarHeader } from './tar-header.ts';
import type { TarWriter } from './tar-writer.ts';
import type { TrueOwners } from './true-owners.ts';

export type PackedNode = Pick<Found, 'folder' | 'name' | 'stat'>;

export interface TreePacker {
  /** Adds one file or folder under `path` (byte string, '' for the root). */
  add(path: string, node: PackedNode): Promise<void>;
}

export interface PackOptions {
  owners?: TrueOwners | undefined;
  /** Called often: the place to wait for other work, and to throw when nobody wants the archive any more. */
  onPause: () => Promise<void>;
}

const TYPES: Record<number, string> = {
  [S_IFREG]: '0',
  [S_IFLNK]: '2',
  [S_IFCHR]: '3',
  [S_IFBLK]: '4',
  [S_IFDIR]: '5',
  [S_IFIFO]: '6',
};
const LONGEST_HOLD_MS = 50;

export function createTreePacker(tar: TarWriter, { owners, onPause }: PackOptions): TreePacker {
  /** Files with several names: identity → the name they are in the archive under. */
  const linked = new Map<string, string>();
  let pausedMs = performance.now();

  return { add };

  async function add(path: string, node: PackedNode): Promise<void> {
    const type = TYPES[node.stat.mode & S_IFMT];
    if (type === undefined) return;
    if (type === '0' || type === '5') await addOpened(path, node, type);
    else addPlain(path, node, type);
    if (performance.now() - pausedMs > LONGEST_HOLD_MS) await rest();
  }

  async function rest(): Promise<void> {
    await onPause();
    pausedMs = performance.now();
  }

  function addPlain(path: string, node: PackedNode, type: string): void {
    if (addLink(path, node.stat)) return;
    const place = join(node.folder.path, node.name);
    const target = type === '2' ? orGone(() => readLinkAt(node.folder.fd, place)) : '';
    if (target === undefined) return;
    tar.entry({ ...headerOf(path, node.stat, type), linkName: target });
  }

  async function addOpened(path: string, node: PackedNode, type: string): Promise<void> {
    if (type === '0' && addLink(path, node.stat)) return;
    const fd = orGone(() => openToReadAt(node.folder.fd, join(node.folder.path, node.name)));
    if (fd === undefined) return;
    try {
      // The name may lead to another file by now: what counts is the one that is open.
      const stat = node.folder.isLive ? statAt(fd, '') : node.stat;
      if (!stat || TYPES[stat.mode & S_IFMT] !== type) return;
      const name = type === '5' ? `${path === '' ? '.' : path}/` : path;
      tar.entry({ ...headerOf(path, stat, type), name, size: type === '0' ? stat.size : 0, xattrs: xattrsToKeep(fd) });
      while (type === '0' && tar.contentFrom(fd)) if (performance.now() - pausedMs > LONGEST_HOLD_MS) await rest();
    } finally {
      closeFd(fd);
    }
  }

  /** Whether the file is in the archive already, under another name. */
  function addLink(path: string, stat: NodeStat): boolean {
    if (stat.links < 2) return false;
    const first = linked.get(stat.identity);
    if (first === undefined) {
      linked.set(stat.identity, path);
      return false;
    }
    tar.entry({ ...headerOf(path, stat, '1'), linkName: first });
    return true;
  }

  function headerOf(path: string, stat: NodeStat, type: string): TarHeader {
    const owner = owners?.of(path, stat) ?? stat;
    return {
      name: path,
      linkName: '',
      type,
      mode: owner.mode & 0o7777,
      uid: owner.uid,
      gid: owner.gid,
      size: 0,
      mtimeSeconds: stat.mtimeSeconds,
      mtimeNanoseconds: stat.mtimeNanoseconds,
      devMajor: type === '3' || type === '4' ? stat.major : 0,
      devMinor: type === '3' || type === '4' ? stat.minor : 0,
      xattrs: undefined,
    };
  }
}
