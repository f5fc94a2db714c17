// One pass over the upper folder of an overlay that is to be a layer as it lies there: out come the layer's tar and the sum of its tree. For both to
// be true of the folder it must hold exactly what unpacking that tar would make, so what does not go into it is removed: overlayfs's own attributes, sockets,
// names that no layer can hold, and folders that were copied up, or made opaque, for nothing.
// Longer than other files: it is one walk with its state.
import { openSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { closeFd, readLinkAt, removeFolderAt, removeXattrFd, setTimesFd, unlinkAt } from '../sys/at.ts';
import type { Ctx } from '../sys/context.ts';
import {
  type NodeStat,
  namesAt,
  openToReadAt,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  statAt,
  xattrNamesOf,
  xattrOf,
} from '../sys/read-at.ts';
import { layersBelow } from './adopt-below.ts';
import { entryOf, headerOf, whiteout, whiteoutEntry } from './adopt-entries.ts';
import { xattrsToKeep } from './layer-xattr.ts';
import { join } from './stacked-tree.ts';
import { createTarWriter } from './tar-writer.ts';
import { createTreeSum, OPAQUE_XATTR } from './tree-sum.ts';

export interface UpperWalk {
  /** Diff-ids of the layers below, base first. */
  layers: readonly string[];
  /** Takes the tar's bytes; the buffer is used again. */
  onData: (chunk: Buffer) => void;
  onPause: () => Promise<void>;
  onSkip: (path: string) => void;
}

export interface WalkedUpper {
  /** False: nothing of it is a change. */
  isChanged: boolean;
  entries: number;
  sizeBytes: number;
  tree: string;
}

/** A folder on the way down. It goes into the tar when something in it does, or when it is a change by itself. */
interface Open {
  fd: number;
  path: string;
  stat: NodeStat;
  parent: Open | undefined;
  /** Hides what the layers below hold under its name; so does all that lies in one that does. */
  hides: boolean;
  isHidden: boolean;
  isTold: boolean;
  /** Something was removed from it: then its time has to be set back. */
  isTouched: boolean;
  /** Of the root, which need not be. */
  isInTar?: boolean;
}

const LONGEST_HOLD_MS = 50;
const WHITEOUT = '.wh.';
const OWN_XATTR = /^user\.(?:overlay|fuseoverlayfs)\./;

/** Writes the whole tar, its end too; nothing of it counts when there are no entries. */
export async function walkUpper(
  ctx: Pick<Ctx, 'paths'>,
  upper: string,
  { layers, onData, onPause, onSkip }: UpperWalk,
): Promise<WalkedUpper> {
  let crc = 0;
  const tar = createTarWriter(onData, {
    onContent: (data) => {
      crc = crc32(data, crc);
    },
  });
  const sum = createTreeSum();
  const linked = new Map<string, { path: string; crc: number }>();
  const written = { entries: 0, sizeBytes: 0 };
  const below = layersBelow(ctx, layers);
  let pausedMs = performance.now();
  const fd = openSync(upper, 'r');
  try {
    const stat = statAt(fd, '') as NodeStat;
    stripOwn(fd);
    const root: Open = { fd, path: '', stat, parent: undefined, hides: false, isHidden: false, isTold: true, isTouched: false };
    const isRootChanged = tellRoot(root);
    const before = written.entries;
    await walk(root);
    settleRoot(root);
    tar.end();
    return { ...written, isChanged: isRootChanged || written.entries > before, tree: sum.text() };
  } finally {
    closeFd(fd);
    below.close();
  }

  async function walk(folder: Open): Promise<void> {
    for (const name of namesAt(folder.fd, '')) {
      const stat = statAt(folder.fd, name);
      if (stat === undefined) continue;
      const path = join(folder.path, name);
      if (name.startsWith(WHITEOUT)) {
        onSkip(path);
        await remove(folder, name, stat);
      } else await visit(folder, { name, path, stat });
      if (performance.now() - pausedMs > LONGEST_HOLD_MS) await rest();
    }
  }

  async function rest(): Promise<void> {
    await onPause();
    pausedMs = performance.now();
  }

  async function visit(folder: Open, { name, path, stat }: { name: string; path: string; stat: NodeStat }): Promise<void> {
    switch (stat.mode & S_IFMT) {
      case S_IFDIR:
        return visitFolder(folder, { name, path, stat });
      case S_IFREG:
        tell(folder);
        return await addFile(folder, { name, path, stat });
      case S_IFLNK:
      case S_IFIFO:
        tell(folder);
        return addSpecial(folder, { name, path, stat });
      case S_IFCHR:
        if (stat.major === 0 && stat.minor === 0) {
          tell(folder);
          return addWhiteout(path, name);
        }
        return remove(folder, name, stat);
      default:
        // A socket means nothing without who listens; devices nobody here can have made.
        return remove(folder, name, stat);
    }
  }

  async function visitFolder(parent: Open, { name, path, stat }: { name: string; path: string; stat: NodeStat }): Promise<void> {
    const own = openToReadAt(parent.fd, name);
    try {
      const isOpaque = xattrOf(own, OPAQUE_XATTR)?.toString() === 'y';
      const isHidden = parent.isHidden || parent.hides;
      const hides = isOpaque && !isHidden && below.hasFolder(path);
      stripOwn(own, hides ? OPAQUE_XATTR : undefined);
      const folder: Open = { fd: own, path, stat, parent, hides, isHidden, isTold: false, isTouched: false };
      if (hides) tell(folder);
      await walk(folder);
      if (!folder.isTold && isHidden) tell(folder);
      if (!folder.isTold && !below.hasSame(folder)) tell(folder);
      if (!folder.isTold) {
        removeFolderAt(parent.fd, name);
        parent.isTouched = true;
      } else if (folder.isTouched) setTimesFd(own, stat.mtimeSeconds, stat.mtimeNanoseconds);
    } finally {
      closeFd(own);
    }
  }

  /** Puts the folder into the tar, those above it first. */
  function tell(folder: Open): void {
    if (folder.isTold) return;
    folder.isTold = true;
    if (folder.parent) tell(folder.parent);
    const xattrs = xattrsToKeep(folder.fd);
    tar.entry({ ...headerOf(folder.path, folder.stat, '5'), name: `${folder.path}/`, xattrs });
    const all = folder.hides ? new Map([...(xattrs ?? []), [OPAQUE_XATTR, Buffer.from('y')] as const]) : xattrs;
    sum.add({ ...entryOf(folder.path, folder.stat, 'd'), xattrs: all });
    written.entries++;
    if (folder.hides) tar.entry(whiteout(`${folder.path}/.wh..wh..opq`));
  }

  // Archives say nothing of the root unless it is unusual, or another than before.
  function tellRoot(root: Open): boolean {
    const { fd: own, stat } = root;
    const old = below.root();
    const isRootChanged = old ? old.mode !== stat.mode || old.uid !== stat.uid || old.gid !== stat.gid : !isUsual(stat);
    root.isInTar = isRootChanged || !isUsual(stat);
    const xattrs = root.isInTar ? xattrsToKeep(own) : undefined;
    if (root.isInTar) {
      tar.entry({ ...headerOf('', stat, '5'), name: './', xattrs });
      written.entries++;
    }
    sum.add({ ...entryOf('', stat, 'd'), ...(root.isInTar ? {} : { mtimeSeconds: 0 }), xattrs });
    return isRootChanged;
  }

  function settleRoot({ fd: own, stat, isInTar }: Open): void {
    if (isInTar) setTimesFd(own, stat.mtimeSeconds, stat.mtimeNanoseconds);
    else setTimesFd(own, 0, 0);
  }

  async function addFile(folder: Open, { name, path, stat }: { name: string; path: string; stat: NodeStat }): Promise<void> {
    const first = stat.links > 1 ? linked.get(stat.identity) : undefined;
    const file = openToReadAt(folder.fd, name);
    try {
      const names = xattrNamesOf(file);
      const xattrs = names.length > 0 ? xattrsToKeep(file) : undefined;
      if (first) {
        tar.entry({ ...headerOf(path, stat, '1'), linkName: first.path });
        crc = first.crc;
      } else {
        if (names.length > 0) stripOwn(file);
        crc = 0;
        tar.entry({ ...headerOf(path, stat, '0'), size: stat.size, xattrs });
        while (tar.contentFrom(file)) if (performance.now() - pausedMs > LONGEST_HOLD_MS) await rest();
        written.sizeBytes += stat.size;
      }
      sum.add({ ...entryOf(path, stat, 'f'), size: stat.size, crc, xattrs });
      written.entries++;
      if (stat.links > 1 && !first) linked.set(stat.identity, { path, crc });
    } finally {
      closeFd(file);
    }
  }

  function addSpecial(folder: Open, { name, path, stat }: { name: string; path: string; stat: NodeStat }): void {
    const isSymlink = (stat.mode & S_IFMT) === S_IFLNK;
    const link = isSymlink ? readLinkAt(folder.fd, name) : '';
    const first = stat.links > 1 ? linked.get(stat.identity) : undefined;
    if (first) tar.entry({ ...headerOf(path, stat, '1'), linkName: first.path });
    else tar.entry({ ...headerOf(path, stat, isSymlink ? '2' : '6'), linkName: link });
    if (stat.links > 1 && !first) linked.set(stat.identity, { path, crc: 0 });
    sum.add({ ...entryOf(path, stat, isSymlink ? 'l' : 'p'), link });
    written.entries++;
  }

  function addWhiteout(path: string, name: string): void {
    tar.entry(whiteout(`${path.slice(0, path.length - name.length)}${WHITEOUT}${name}`));
    sum.add(whiteoutEntry(path));
    written.entries++;
  }

  async function remove(folder: Open, name: string, stat: NodeStat): Promise<void> {
    folder.isTouched = true;
    if ((stat.mode & S_IFMT) !== S_IFDIR) return unlinkAt(folder.fd, name);
    const own = openToReadAt(folder.fd, name);
    try {
      for (const inside of namesAt(own, '')) {
        const found = statAt(own, inside);
        const holder = { ...folder, fd: own };
        if (found) await remove(holder, inside, found);
      }
    } finally {
      closeFd(own);
    }
    removeFolderAt(folder.fd, name);
  }
}

const isUsual = ({ mode, uid, gid }: NodeStat): boolean => (mode & 0o7777) === 0o755 && uid === 0 && gid === 0;

/** Takes away what overlayfs noted for itself, but for `kept`. */
function stripOwn(fd: number, kept?: string): void {
  for (const name of xattrNamesOf(fd)) if (OWN_XATTR.test(name) && name !== kept) removeXattrFd(fd, name);
}
