// The sink behind the tar reader that adds to a tree which others use and may change meanwhile: a container's, or the user's own. Every call
// is made on the descriptor of a folder and a base name, so nothing is ever written through a symlink that was put in the way; how the
// folders on the way are found is the place's business (tree-place.ts). A file has no name while it is written, or, where the file system
// knows no such files (FUSE), another name: killed at any moment, it is there whole or not at all. Folders get their owner, mode and time last, for filling them needs and changes both.
import {
  chmodFd,
  chownFd,
  closeFd,
  createFileAt,
  createNamelessAt,
  makeFolderAt,
  makeLinkAt,
  makeNodeAt,
  makeSymlinkAt,
  nameFileAt,
  setTimesAt,
  setTimesFd,
} from '../sys/at.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { chownPlaceAt, kindOf } from '../sys/look-at.ts';
import { statAt } from '../sys/read-at.ts';
import type { Granted } from './layer-owner.ts';
import { shown, splitPath } from './layer-path.ts';
import { createXattrSetter } from './layer-xattr.ts';
import { createSparseWriter, type SparseWriter } from './sparse-writer.ts';
import type { TarHeader } from './tar-header.ts';
import type { TarSink } from './tar-reader.ts';
import { namedPath, type Rename } from './tree-name.ts';
import type { TreePlace } from './tree-place.ts';
import { conflict, createReplacer } from './tree-replace.ts';

export interface TreeSinkOptions {
  place: TreePlace;
  rename?: Rename;
  /** Whom an entry is to belong to; `needsChown` false leaves it the caller's. */
  ownerOf: (header: TarHeader) => Granted;
  /** Failing to give an entry away is no error. */
  isOwnerOptional?: boolean;
  /** An entry for the place itself gives that its owner, mode and time, too. */
  settlesTop?: boolean;
  onNotice: (message: string) => void;
}

export interface TreeSink extends TarSink {
  /** Settles the folders. Nothing may be written after. */
  finish(): void;
  /** Removes what is half written, settles what there is as well as it can, and closes everything. Harmless after `finish`. */
  close(): void;
}

const S_IFIFO = 0o010000;

/** Throws ERR_COPY_ESCAPE, ERR_COPY_CONFLICT, ERR_ARCHIVE, and what system calls throw, from every function. */
export function createTreeSink(options: TreeSinkOptions): TreeSink {
  const { place, rename, ownerOf, isOwnerOptional = false, onNotice } = options;
  const setXattrs = createXattrSetter(onNotice);
  const { temporary, orReplace, renameOver, refuseFolder, forgetTemporary } = createReplacer(place);
  const folders = new Map<string, TarHeader>();
  let current: { file: SparseWriter; header: TarHeader; folder: number; base: string; path: string; isNameless: boolean } | undefined;
  let hasLeftOutDevices = false;
  let isOpen = true;

  const makers: Record<string, (header: TarHeader, path: string) => void> = {
    '0': beginFile,
    '1': makeHardLink,
    '2': makeSymlink,
    '3': leaveOutDevice,
    '4': leaveOutDevice,
    '5': makeFolder,
    '6': makeFifo,
  };

  return { entry, content, entryEnd, finish, close };

  function entry(header: TarHeader): void {
    const path = namedPath(header.name, header.name, rename);
    if (path === '') {
      // Else the place itself is not the archive's to change.
      if (options.settlesTop && header.type === '5') folders.set('', header);
      return;
    }
    const make = makers[header.type];
    if (!make)
      throw new EngineError('ERR_ARCHIVE', `Cannot unpack "${shown(header.name)}": tar entries of type "${header.type}" are not known`);
    make(header, path);
  }

  function site(path: string): { folder: number; base: string } {
    const { folder, base } = splitPath(path);
    return { folder: place.enter(folder), base };
  }

  function beginFile(header: TarHeader, path: string): void {
    const { folder, base } = site(path);
    refuseFolder(folder, base, path);
    const nameless = createNamelessAt(folder, 0o600);
    const file = createSparseWriter(nameless ?? createFileAt(folder, temporary, 0o600));
    current = { file, header, folder, base, path, isNameless: nameless !== undefined };
  }

  function content(data: Buffer, from: number, to: number): void {
    current?.file.write(data, from, to);
  }

  function entryEnd(): void {
    if (!current) return;
    const { file, header, folder, base, path, isNameless } = current;
    file.finish();
    settle(file.fd, header);
    if (isNameless) orReplace(folder, base, path, (name) => nameFileAt(file.fd, folder, name));
    else renameOver(folder, base, path);
    current = undefined;
    closeFd(file.fd);
  }

  // Owner before mode, mode before xattrs: chown(2) clears setuid bits and file capabilities.
  function settle(fd: number, header: TarHeader): void {
    const { uid, gid, mode, needsChown } = ownerOf(header);
    if (needsChown) optionally(() => chownFd(fd, uid, gid));
    chmodFd(fd, mode);
    setXattrs(fd, header.xattrs);
    setTimesFd(fd, header.mtimeSeconds, header.mtimeNanoseconds);
  }

  function optionally(give: () => void): void {
    try {
      give();
    } catch (error) {
      const code = errnoOf(error);
      if (!isOwnerOptional || (code !== 'EPERM' && code !== 'EINVAL')) throw error;
    }
  }

  function makeFolder(header: TarHeader, path: string): void {
    const { folder, base } = site(path);
    if (!makeFolderAt(folder, base, 0o700) && !isFolder(folder, base)) {
      throw conflict(`cannot overwrite non-directory "${place.path(path)}" with directory "${place.path('')}"`);
    }
    place.noteFolder(path);
    folders.set(path, header);
  }

  function makeSymlink(header: TarHeader, path: string): void {
    makeNode(header, path, (folder, base) => makeSymlinkAt(folder, base, header.linkName));
  }

  function makeFifo(header: TarHeader, path: string): void {
    makeNode(header, path, (folder, base) => makeNodeAt(folder, base, S_IFIFO | (header.mode & 0o777), 0));
  }

  function makeNode(header: TarHeader, path: string, make: (folder: number, base: string) => boolean): void {
    const { folder, base } = site(path);
    orReplace(folder, base, path, (name) => make(folder, name));
    const { uid, gid, needsChown } = ownerOf(header);
    if (needsChown) optionally(() => chownPlaceAt(folder, base, uid, gid));
    setTimesAt(folder, base, header.mtimeSeconds, header.mtimeNanoseconds);
  }

  function makeHardLink(header: TarHeader, path: string): void {
    const target = namedPath(header.linkName, header.name, rename);
    if (target === path) return;
    const from = splitPath(target);
    try {
      // Each look may close the descriptor that the other one got: the second asks for the first anew.
      place.enter(from.folder);
      const { folder, base } = site(path);
      orReplace(folder, base, path, (name) => makeLinkAt(place.enter(from.folder), from.base, place.enter(splitPath(path).folder), name));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      throw new EngineError(
        'ERR_ARCHIVE',
        `Cannot unpack "${shown(header.name)}": it is a hard link to "${shown(header.linkName)}", which is not there`,
      );
    }
  }

  function leaveOutDevice(header: TarHeader): void {
    if (!hasLeftOutDevices) onNotice(`Left out device nodes such as "${shown(header.name)}": only root may make them`);
    hasLeftOutDevices = true;
  }

  function finish(): void {
    const all = [...folders].reverse();
    folders.clear();
    for (const [path, header] of all) settle(place.enter(path), header);
    close();
  }

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    if (current) {
      closeFd(current.file.fd);
      forgetTemporary(current.folder);
      current = undefined;
    }
    // What was not finished keeps its files, and must not stay closed to those they are for.
    for (const [path, header] of [...folders].reverse()) {
      try {
        settle(place.enter(path), header);
      } catch {
        break;
      }
    }
    place.close();
  }
}

function isFolder(folder: number, base: string): boolean {
  const there = statAt(folder, base);
  return there !== undefined && kindOf(there) === 'folder';
}
