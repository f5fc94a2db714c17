// Copies a tree of files as it is: owners, modes, times, extended attributes, hard links, holes; contents are shared with the original
// where the file system can (reflink). Both trees are walked by descriptors, one name at a time, no symlink followed: a container that
// changes one of them meanwhile leads nobody out of it, and what vanishes under our hands is left out.
// It gives way to other work every few milliseconds, so that whoever copies goes on answering. What is half copied at an error is the caller's to remove.
import {
  chmodFd,
  chownFd,
  closeFd,
  createFileAt,
  makeFolderAt,
  makeLinkAt,
  makeNodeAt,
  makeSymlinkAt,
  openFolderAt,
  readLinkAt,
  setTimesAt,
  setTimesFd,
  setXattrFd,
  truncateFd,
} from '../sys/at.ts';
import { type CopyWays, cloneFile, copyPiece, seekData, seekHole, seekTo } from '../sys/copy-data.ts';
import { errnoOf, messageOf } from '../sys/errors.ts';
import { duplicate } from '../sys/fd.ts';
import { chownPlaceAt, kindOf } from '../sys/look-at.ts';
import { type NodeStat, namesAt, openToReadAt, S_IFMT, statAt, xattrNamesOf, xattrOf } from '../sys/read-at.ts';
import { shown } from './layer-path.ts';

export interface TreeCopyOptions {
  /** `never` makes every file's contents its own; `auto`, the default, shares them where that is possible. */
  reflink?: 'auto' | 'never';
  /** Told every few milliseconds how far it is, and once at the end. */
  onProgress?: (done: TreeCopyDone) => void;
  /** Ends the copy, with the signal's reason thrown. */
  signal?: AbortSignal;
  /** Files and attributes to leave out, for a tree that is a layer: overlay's own marks are no content. */
  isLayer?: boolean;
}

export interface TreeCopyDone {
  /** Everything that has a name counts, folders too. */
  files: number;
  /** Of regular files' contents, holes and shared parts included. */
  bytes: number;
  /** How many files share their contents with the original. */
  shared: number;
}

/** What could not be copied: `path` below the copied folder, `code` as EACCES or ENOSPC. */
export class TreeCopyError extends Error {
  readonly code: string | undefined;
  constructor(
    readonly path: string,
    cause: unknown,
  ) {
    super(messageOf(cause), { cause });
    this.name = 'TreeCopyError';
    this.code = errnoOf(cause);
  }
}

/**
 * Copies what is in the open folder `from` into the open folder `to`, which must be empty, and gives `to` the owner, mode, attributes and
 * times of `from`. Neither is closed. Throws TreeCopyError, or the signal's reason.
 */
export async function copyTree(from: number, to: number, options: TreeCopyOptions = {}): Promise<TreeCopyDone> {
  const { signal, onProgress } = options;
  const done = { files: 0, bytes: 0, shared: 0 };
  const ways: CopyWays = { canClone: options.reflink !== 'never', canCopyInKernel: true };
  const job: Job = { to, done, ways, links: new Map(), isLayer: options.isLayer ?? false };
  let until = performance.now() + SLICE_MS;
  for (const _ of copyFolder(job, { from, to, path: '' })) {
    if (performance.now() < until) continue;
    onProgress?.({ ...done });
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    until = performance.now() + SLICE_MS;
  }
  onProgress?.({ ...done });
  return done;
}

const SLICE_MS = 8;

interface Job {
  to: number;
  done: TreeCopyDone;
  ways: CopyWays;
  /** Identity of a file with several names → where its first copy is. */
  links: Map<string, string>;
  isLayer: boolean;
}

interface Pair {
  from: number;
  to: number;
  /** Of the folder, a byte string as in at.ts; '' is the root, else it ends with a slash. */
  path: string;
}

function* copyFolder(job: Job, pair: Pair): Generator<void> {
  for (const name of namesAt(pair.from, '')) {
    const path = pair.path + name;
    try {
      yield* copyEntry(job, { ...pair, name, path });
    } catch (error) {
      if (error instanceof TreeCopyError) throw error;
      // Somebody else's doing, since the folder was read.
      if (errnoOf(error) === 'ENOENT' && !statAt(pair.from, name)) continue;
      throw new TreeCopyError(shown(path), error);
    }
    job.done.files++;
    yield;
  }
  try {
    settle(job, { from: pair.from, to: pair.to });
  } catch (error) {
    throw new TreeCopyError(shown(pair.path), error);
  }
}

interface Entry extends Pair {
  name: string;
}

function* copyEntry(job: Job, entry: Entry): Generator<void> {
  const { from, to, name, path } = entry;
  const stat = statAt(from, name);
  if (!stat) return;
  const kind = kindOf(stat);
  if (kind === 'folder') return yield* copySubfolder(job, entry);
  if (stat.links > 1) {
    const first = job.links.get(stat.identity);
    if (first !== undefined && linkTo(job.to, first, entry)) return;
    job.links.set(stat.identity, path);
  }
  if (kind === 'file') return yield* copyFile(job, entry);
  if (kind === 'symlink') makeSymlinkAt(to, name, readLinkAt(from, name));
  else {
    if (job.isLayer && kind === 'char' && stat.major === 0 && stat.minor === 0) return;
    makeNodeAt(to, name, stat.mode, stat.major * 256 + stat.minor);
  }
  if (!isOurs(stat)) chownPlaceAt(to, name, stat.uid, stat.gid);
  setTimesAt(to, name, stat.mtimeSeconds, stat.mtimeNanoseconds);
}

function* copySubfolder(job: Job, { from, to, name, path }: Entry): Generator<void> {
  const source = openFolderAt(from, name);
  try {
    makeFolderAt(to, name, 0o700);
    const target = openFolderAt(to, name);
    try {
      yield* copyFolder(job, { from: source, to: target, path: `${path}/` });
    } finally {
      closeFd(target);
    }
  } finally {
    closeFd(source);
  }
}

function* copyFile(job: Job, { from, to, name }: Entry): Generator<void> {
  const source = openToReadAt(from, name);
  try {
    const stat = statAt(source, '');
    // Another kind of thing has that name by now.
    if (!stat || kindOf(stat) !== 'file') return;
    const target = createFileAt(to, name, 0o600);
    try {
      yield* copyContents(job, { source, target, stat });
      settle(job, { from: source, to: target, stat });
    } finally {
      closeFd(target);
    }
  } finally {
    closeFd(source);
  }
}

interface OpenFiles {
  source: number;
  target: number;
  stat: NodeStat;
}

function* copyContents(job: Job, { source, target, stat: { size, blocks } }: OpenFiles): Generator<void> {
  if (size === 0) return;
  if (cloneFile(source, target, job.ways)) {
    job.done.shared++;
    job.done.bytes += size;
    return;
  }
  const isSparse = blocks * 512 < size;
  for (let at = 0; at < size; ) {
    const data = isSparse ? seekData(source, at) : at;
    if (data === undefined) break;
    const end = isSparse ? seekHole(source, { offset: data, size }) : size;
    if (isSparse) {
      seekTo(source, data);
      seekTo(target, data);
    }
    for (at = data; at < end; ) {
      const count = copyPiece(source, target, { length: end - at, ways: job.ways });
      // Cut shorter meanwhile.
      if (count === 0) return;
      at += count;
      job.done.bytes += count;
      yield;
    }
  }
  if (isSparse) truncateFd(target, size);
}

/** Gives the open folder `to` the owner, mode, attributes and times of `from`. */
export const copyAttributes = (from: number, to: number): void => settle({ isLayer: false }, { from, to });

/** Owner first, which takes setuid bits and capabilities away; times last, which the others change. */
function settle(
  { isLayer }: Pick<Job, 'isLayer'>,
  { from, to, stat = statAt(from, '') }: { from: number; to: number; stat?: NodeStat | undefined },
): void {
  if (!stat) return;
  if (!isOurs(stat)) chownFd(to, stat.uid, stat.gid);
  for (const name of xattrNamesOf(from)) {
    if (isLayer && name.startsWith('user.overlay.')) continue;
    const value = xattrOf(from, name);
    if (value) setXattr(to, name, value);
  }
  chmodFd(to, stat.mode & ~S_IFMT);
  setTimesFd(to, stat.mtimeSeconds, stat.mtimeNanoseconds);
}

/** A label is its place's, not the file's; a file system without attributes keeps what it can. */
function setXattr(fd: number, name: string, value: Buffer): void {
  try {
    setXattrFd(fd, name, value);
  } catch (error) {
    if (name !== 'security.selinux' && errnoOf(error) !== 'EOPNOTSUPP') throw error;
  }
}

/** False when the first copy is not there any more. Its folder is opened name by name: a symlink put in the way leads nowhere. */
function linkTo(root: number, first: string, { to, name }: Entry): boolean {
  const names = first.split('/');
  const base = names.pop() as string;
  let folder = duplicate(root);
  try {
    for (const part of names) {
      const next = openFolderAt(folder, part);
      closeFd(folder);
      folder = next;
    }
    return makeLinkAt(folder, base, to, name);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'EXDEV', 'EPERM'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  } finally {
    closeFd(folder);
  }
}

const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };

const isOurs = ({ uid, gid }: NodeStat): boolean => uid === own.uid && gid === own.gid;
