// The sink behind the tar reader: entries become files below one folder. Every name was checked (layer-path.ts) and every folder on its
// way was made here (layer-folders.ts), so a call on (folder descriptor, base name) cannot leave the layer. A later entry of the same
// name replaces the earlier one, as Docker's unpacking does. Owner before mode, mode before xattrs: chown(2) clears
// setuid bits and file capabilities.
import { rmSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import {
  chmodFd,
  chownAt,
  chownFd,
  closeFd,
  createFileAt,
  makeFolderAt,
  makeLinkAt,
  makeNodeAt,
  makeSymlinkAt,
  setTimesAt,
  setTimesFd,
  skipHole,
  writeTo,
} from '../sys/at.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { createFolders, type FolderMeta } from './layer-folders.ts';
import { createOwnership } from './layer-owner.ts';
import { escapes, layerPath, shown, splitPath, whiteoutOf } from './layer-path.ts';
import { createXattrSetter } from './layer-xattr.ts';
import type { TarHeader } from './tar-header.ts';
import type { TarSink } from './tar-reader.ts';
import { createTreeSum, entryOnDisk, type TreeEntry, walkTree } from './tree-sum.ts';

export interface LayerWriter extends TarSink {
  /** Settles the folders. Nothing may be written after. */
  finish(): WrittenLayer;
  close(): void;
}

export interface WrittenLayer {
  sizeBytes: number;
  entries: number;
  tree: string;
  skippedDevices: number;
  /** Content of `owners.ndjson`. */
  ungranted: string;
}

/** An entry with its checked place: the descriptor of its folder and its base name. */
interface Place {
  path: string;
  folder: number;
  base: string;
}

const S_IFIFO = 0o010000;
const S_IFCHR = 0o020000;
const S_IFBLK = 0o060000;
const HOLE_BYTES = 64 << 10;
const ZEROS = Buffer.alloc(HOLE_BYTES);
/** More entries than any real layer has; a bomb of empty files costs inodes, not bytes. */
const MOST_ENTRIES = 5_000_000;

export function createLayerWriter(root: string, onNotice: (message: string) => void): LayerWriter {
  const ownership = createOwnership();
  const setXattrs = createXattrSetter(onNotice);
  const sum = createTreeSum();
  const whiteouts = new Set<string>();
  const folders = createFolders(root, { has: (path) => whiteouts.has(path), drop: remove });
  const crcOfInode = new Map<number, number>();
  let current: { fd: number; header: TarHeader; path: string; crc: number } | undefined;
  const written = { sizeBytes: 0, entries: 0, skippedDevices: 0 };

  // By tar's type letter.
  const makers: Record<string, (header: TarHeader, place: Place) => void> = {
    '0': makeFile,
    '1': makeHardLink,
    '2': makeSymlink,
    '3': makeDevice,
    '4': makeDevice,
    '5': makeFolder,
    '6': makeFifo,
  };

  return { entry, content, entryEnd, finish, close };

  function entry(header: TarHeader): void {
    if (++written.entries > MOST_ENTRIES) {
      throw new EngineError('ERR_LAYER_TOO_LARGE', `Refused the layer: it has more than ${MOST_ENTRIES} entries`);
    }
    const path = layerPath(header.name);
    if (path === '') {
      if (header.type === '5') folders.put('', metaOf(header));
      return;
    }
    const { folder, base } = splitPath(path);
    const whiteout = whiteoutOf(base, header.name);
    if (whiteout?.kind === 'ignored') {
      written.entries--;
      return;
    }
    const parent = folders.ensure(folder, header.name);
    const place = (name: string): Place => ({ path: parent === '' ? name : `${parent}/${name}`, folder: folders.open(parent), base: name });
    if (whiteout?.kind === 'opaque') makeOpaque(parent);
    else if (whiteout) makeWhiteout(place(whiteout.name));
    else make(header, place(base));
  }

  function make(header: TarHeader, place: Place): void {
    const maker = makers[header.type];
    if (maker) {
      maker(header, place);
      return;
    }
    const what = `tar entries of type "${header.type}" are not known`;
    throw new EngineError('ERR_LAYER_UNSUPPORTED', `Cannot unpack "${shown(header.name)}": ${what}`);
  }

  function makeFile(header: TarHeader, { path, folder, base }: Place): void {
    const create = (at: number) => createFileAt(at, base, header.mode & 0o777);
    let fd: number;
    try {
      fd = create(folder);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      remove(path);
      fd = create(folder);
    }
    current = { fd, header, path, crc: 0 };
  }

  function content(data: Buffer, from: number, to: number): void {
    if (!current) return;
    writeSparsely(current.fd, data.subarray(from, to));
    current.crc = crc32(data.subarray(from, to), current.crc);
  }

  function entryEnd(): void {
    if (!current) return;
    const { fd, header, path, crc } = current;
    const { uid, gid, mode, needsChown } = ownership.grant(path, header.uid, header.gid, header.mode);
    if (needsChown) chownFd(fd, uid, gid);
    if (mode & 0o7000) chmodFd(fd, mode);
    const xattrs = setXattrs(fd, header.xattrs);
    setTimesFd(fd, header.mtimeSeconds, header.mtimeNanoseconds);
    closeFd(fd);
    current = undefined;
    written.sizeBytes += header.size;
    sum.add({ path, type: 'f', mode, uid, gid, size: header.size, mtimeSeconds: header.mtimeSeconds, crc, link: '', xattrs });
  }

  function makeFolder(header: TarHeader, { path, folder, base }: Place): void {
    const known = folders.get(path);
    if (known) {
      written.entries--;
      folders.put(path, { ...metaOf(header), isOpaque: known.isOpaque });
      return;
    }
    const wasWhiteout = whiteouts.has(path);
    orReplace(path, () => makeFolderAt(folder, base, 0o700));
    folders.put(path, { ...metaOf(header), isOpaque: wasWhiteout });
  }

  function makeSymlink(header: TarHeader, place: Place): void {
    if (header.linkName === '')
      throw new EngineError('ERR_LAYER_CORRUPT', `Refused the layer: the symlink "${shown(header.name)}" has no target`);
    orReplace(place.path, () => makeSymlinkAt(place.folder, place.base, header.linkName));
    settleNode(header, place, { type: 'l', mode: 0o777, link: header.linkName });
  }

  function makeHardLink(header: TarHeader, place: Place): void {
    const target = layerPath(header.linkName, header.name);
    const { folder, base } = splitPath(target);
    const from = folders.ensure(folder, header.name);
    const fromPath = from === '' ? base : `${from}/${base}`;
    // A link to itself would be removed by being made.
    if (fromPath === place.path) return;
    if (target === '' || folders.has(fromPath)) throw escapes(header.name, `it is a hard link to the folder "${shown(header.linkName)}"`);
    try {
      // Looking for the target may have closed the other folder's descriptor: ask for both now.
      orReplace(place.path, () => makeLinkAt(folders.open(from), base, folders.open(splitPath(place.path).folder), place.base));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      throw escapes(header.name, `it is a hard link to "${shown(header.linkName)}", which the layer does not hold`);
    }
    sum.add(linkedEntry(fromPath, place.path));
  }

  function linkedEntry(from: string, path: string): TreeEntry {
    const { entry: found, stats } = entryOnDisk(root, from, crcOfInode);
    if (found.type === 'f') crcOfInode.set(stats.ino, found.crc);
    return { ...found, path };
  }

  function makeFifo(header: TarHeader, place: Place): void {
    orReplace(place.path, () => makeNodeAt(place.folder, place.base, S_IFIFO | (header.mode & 0o777), 0));
    settleNode(header, place, { type: 'p', mode: header.mode & 0o777, link: '' });
  }

  function makeDevice(header: TarHeader, place: Place): void {
    const isCharacter = header.type === '3';
    const device = (header.devMajor << 8) | (header.devMinor & 0xff) | ((header.devMinor & ~0xff) << 12);
    try {
      // A real device 0/0 would read as a whiteout.
      if (isCharacter && device === 0) {
        skipDevice();
        return;
      }
      orReplace(place.path, () => makeNodeAt(place.folder, place.base, (isCharacter ? S_IFCHR : S_IFBLK) | (header.mode & 0o777), device));
      settleNode(header, place, { type: isCharacter ? 'c' : 'b', mode: header.mode & 0o777, link: '' });
    } catch (error) {
      if (errnoOf(error) !== 'EPERM') throw error;
      skipDevice();
    }

    function skipDevice(): void {
      written.entries--;
      if (written.skippedDevices++ === 0) onNotice(`Left out device nodes such as "${shown(header.name)}": only root may make them`);
    }
  }

  function makeWhiteout(place: Place): void {
    const folder = folders.get(place.path);
    // It speaks of the layers below; what this layer itself puts there stays, and hides what is below.
    if (folder) folder.isOpaque = true;
    if (!makeNodeAt(place.folder, place.base, S_IFCHR, 0)) {
      written.entries--;
      return;
    }
    whiteouts.add(place.path);
    sum.add(whiteoutEntry(place.path));
  }

  function makeOpaque(path: string): void {
    written.entries--;
    const folder = folders.get(path);
    if (folder) folder.isOpaque = true;
  }

  function settleNode(header: TarHeader, place: Place, kind: Pick<TreeEntry, 'type' | 'mode' | 'link'>): void {
    const { uid, gid, needsChown } = ownership.grant(place.path, header.uid, header.gid, header.mode);
    if (needsChown) chownAt(place.folder, place.base, uid, gid);
    setTimesAt(place.folder, place.base, header.mtimeSeconds, header.mtimeNanoseconds);
    sum.add({ path: place.path, uid, gid, size: 0, mtimeSeconds: header.mtimeSeconds, crc: 0, xattrs: undefined, ...kind });
  }

  /** `create` says false when the name is taken: then what has it goes. */
  function orReplace(path: string, create: () => boolean): void {
    if (create()) return;
    remove(path);
    if (!create()) throw new Error(`Cannot replace "${shown(path)}"`);
  }

  /** Removes what an earlier entry put at `path`, from the disk and from the sum. */
  function remove(path: string): void {
    if (whiteouts.delete(path)) sum.remove(whiteoutEntry(path));
    else walkTree(root, path, (found, stats) => forgetEntry(found, stats.nlink));
    folders.forget(path);
    rmSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]), { recursive: true, force: true });
  }

  // Folders join the sum only at the end.
  function forgetEntry(found: TreeEntry, links: number): void {
    written.entries--;
    if (found.type === 'd') return;
    if (found.type === 'w') whiteouts.delete(found.path);
    sum.remove(found);
    if (found.type === 'f' && links === 1) written.sizeBytes -= found.size;
  }

  function finish(): WrittenLayer {
    for (const folder of folders.finish(ownership, setXattrs)) sum.add(folder);
    return { ...written, tree: sum.text(), ungranted: ownership.ungranted() };
  }

  function close(): void {
    if (current) closeFd(current.fd);
    current = undefined;
    folders.close();
  }
}

/** Long runs of zeros become holes: a file such as lastlog is small on the disk, and gigabytes long in an archive. */
function writeSparsely(fd: number, data: Buffer): void {
  let written = 0;
  for (let at = 0; at + HOLE_BYTES <= data.length; at += HOLE_BYTES) {
    if (data[at] !== 0 || ZEROS.compare(data, at, at + HOLE_BYTES) !== 0) continue;
    if (at > written) writeTo(fd, data, written, at - written);
    skipHole(fd, HOLE_BYTES);
    written = at + HOLE_BYTES;
  }
  if (written < data.length) writeTo(fd, data, written, data.length - written);
}

const whiteoutEntry = (path: string): TreeEntry => ({
  path,
  type: 'w',
  mode: 0,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeSeconds: 0,
  crc: 0,
  link: '',
  xattrs: undefined,
});

const metaOf = (header: TarHeader): FolderMeta => ({
  mode: header.mode,
  uid: header.uid,
  gid: header.gid,
  mtimeSeconds: header.mtimeSeconds,
  mtimeNanoseconds: header.mtimeNanoseconds,
  xattrs: header.xattrs,
  isOpaque: false,
});
