// Where what was found goes: BuildKit's rules for the destination of one source. A file goes into a folder that is there, or that the slash at
// the end asks for, under its own name; of a folder what is in it goes; a folder that has to be made is 0755, whatever the source's mode.

import { shown, splitPath } from '../../../storage/layer-path.ts';
import { isFolder, join } from '../../../storage/stacked-tree.ts';
import type { TrueOwners } from '../../../storage/true-owners.ts';
import { EngineError } from '../../../sys/errors.ts';
import { kindOf } from '../../../sys/look-at.ts';
import type { ModeChange } from './chmod.ts';
import type { Collected } from './collect.ts';
import type { DestNode, DestTree, Instant } from './dest-tree.ts';
import type { Owner } from './owner.ts';

/** Files and folders of one source, in the order of the tree, itself first. */
export interface TreeSource {
  kind: 'tree';
  /** The name that a file gets in a folder. */
  base: string;
  entries: readonly Collected[];
  /** Whether files are root's in the image, whoever's they are here. */
  isRoots: boolean;
  owners: TrueOwners | undefined;
  /** An archive's: it takes the place of whatever is there. */
  replaces?: boolean | undefined;
  /** Permission bits of the files, where they are not the source's own. */
  fileMode?: number | undefined;
  fileTime?: Instant | undefined;
}

export interface TextSource {
  kind: 'text';
  base: string;
  data: Buffer;
}

export interface PlaceOptions {
  /** Byte string, absolute; a slash at its end counts. */
  dest: string;
  /** Of --chown; undefined keeps the source's. */
  owner: Owner | undefined;
  chmod: ModeChange | undefined;
  /** Times of folders and files that have none of their own. */
  at: Instant;
  /** Number of the source in the step. */
  source: number;
  /** Files that this step put, by path: the same one twice is a mistake. */
  written: Set<string>;
  command: string;
  onSkip: (path: string) => void;
}

export function placeSource(dest: DestTree, source: TreeSource | TextSource, options: PlaceOptions): void {
  const { at } = options;
  const made = { owner: options.owner ?? { uid: 0, gid: 0 }, at };
  const top = source.kind === 'tree' ? source.entries[0] : undefined;
  if (source.kind === 'tree' && !top) return;
  const isTree = top !== undefined && isFolder(top.place.found.stat);
  const isFolderAsked = /\/\.?$/.test(options.dest);
  const start = isFolderAsked ? options.dest : options.dest.slice(0, options.dest.lastIndexOf('/') + 1);
  dest.makeFolders(dest.resolve(start), made);
  let target = dest.resolve(options.dest);
  if (!isTree && dest.kindAt(target) === 'folder') target = join(target, source.base);
  dest.makeFolders(isTree && dest.kindAt(target) === undefined ? target : splitPath(target).folder, made);
  if (isTree && dest.kindAt(target) !== 'folder') throw notAFolder(target);

  if (source.kind === 'text') putText(source, target);
  else for (const entry of source.entries) putEntry(source, entry, target);

  function putText({ data }: TextSource, path: string): void {
    const owner = made.owner;
    const mode = options.chmod?.(0o644, false) ?? 0o644;
    putLeaf(path, {
      kind: 'file',
      mode,
      ...owner,
      mtimeSeconds: at.seconds,
      mtimeNanoseconds: at.nanoseconds,
      link: '',
      from: { text: data },
    });
  }

  function putEntry(from: TreeSource, entry: Collected, folder: string): void {
    if (entry.path === '' && isTree) return;
    const path = entry.path === '' ? folder : folder === '' ? entry.path : `${folder}/${entry.path}`;
    if (splitPath(path).base.startsWith('.wh.')) {
      options.onSkip(path);
      return;
    }
    const node = nodeOf(from, entry);
    if (node.kind === 'folder') putFolder(from, path, { node, isPassing: entry.isPassing });
    else putLeaf(path, node, { replaces: from.replaces === true, isSingle: entry.path === '' });
  }

  function putFolder({ replaces }: TreeSource, path: string, { node, isPassing }: { node: DestNode; isPassing: boolean }): void {
    const kind = dest.kindAt(path);
    if (kind !== undefined && kind !== 'folder') {
      if (!replaces) throw notAFolder(path);
      dest.forget(path);
    } else if (kind === 'folder' && isPassing) return;
    dest.put(path, node);
  }

  function putLeaf(path: string, node: DestNode, { replaces = false, isSingle = true } = {}): void {
    if (dest.kindAt(path) === 'folder') {
      if (!replaces) throw new EngineError('ERR_COPY_CONFLICT', `cannot replace to directory /${shown(path)} with file`);
      dest.forget(path);
    }
    if (isSingle && !isFolderAsked && options.written.has(path)) throw severalSources(options.command);
    if (isSingle) options.written.add(path);
    dest.put(path, node);
  }

  function nodeOf({ isRoots, owners, fileMode, fileTime, replaces }: TreeSource, entry: Collected): DestNode {
    const { stat } = entry.place.found;
    const kind = kindOf(stat);
    const own = isRoots ? { uid: 0, gid: 0, mode: stat.mode } : (owners?.of(entry.place.path, stat) ?? stat);
    const { uid, gid } = options.owner ?? own;
    const plain = kind === 'symlink' ? 0o777 : ((kind === 'file' ? fileMode : undefined) ?? own.mode & 0o7777);
    const mode = kind === 'symlink' || !options.chmod || replaces ? plain : options.chmod(plain, kind === 'folder');
    const { mtimeSeconds, mtimeNanoseconds } = fileTime ? { mtimeSeconds: fileTime.seconds, mtimeNanoseconds: fileTime.nanoseconds } : stat;
    return { kind, mode, uid, gid, mtimeSeconds, mtimeNanoseconds, link: entry.link, from: { file: entry, source: options.source } };
  }
}

const notAFolder = (path: string): EngineError =>
  new EngineError('ERR_COPY_CONFLICT', `cannot copy to non-directory: /${shown(path)}`, {
    hint: 'A folder can go only where nothing is, or a folder: not over a file or a symlink',
  });

const severalSources = (command: string): EngineError =>
  new EngineError(
    'ERR_COPY_CONFLICT',
    `When using ${command} with more than one source file, the destination must be a directory and end with a /`,
    { hint: 'Else only the last of them would be left' },
  );
