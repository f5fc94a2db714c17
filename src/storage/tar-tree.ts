// A tree of files as a tar archive, read by descriptors: somebody may change the tree meanwhile (a running container's), and no symlink they
// put in the way is followed. What they remove is left out, what they cut short is filled with zeros, as GNU tar does.
// A generator, so that the caller decides where the bytes go, how fast, and when to stop.
import { closeFd, openFolderAt, readLinkAt } from '../sys/at.ts';
import { errnoOf } from '../sys/errors.ts';
import { SystemError } from '../sys/ffi.ts';
import { type FileKind, kindOf, statFd } from '../sys/look-at.ts';
import { type NodeStat, namesAt, openToReadAt, statAt } from '../sys/read-at.ts';
import { xattrsToKeep } from './layer-xattr.ts';
import type { TarHeader } from './tar-header.ts';
import { createTarWriter } from './tar-writer.ts';

export interface TarTreeOptions {
  /** Descriptor of the folder that the tree's top lies in. */
  folder: number;
  /** The top's name there; `.` for the folder itself. Byte string, as all names here. */
  base: string;
  /** What the top is known to be: somebody may have put something else there since, such as a symlink. */
  kind?: FileKind;
  /** The top's name in the archive, to which the names below are appended; `.` makes them `./a`, `./a/b`. */
  name: string;
  /** Gets one sentence for each kind of thing that is left out. */
  onNotice: (message: string) => void;
  /** Whether the folder is to come without what is in it; `fd` is open. */
  isHidden?: (stat: NodeStat, site: { name: string; fd: number; device: number }) => boolean;
  /** The owner that the archive is to name for what belongs to `owner` here; default the same. */
  ownerOf?: (owner: { uid: number; gid: number }) => { uid: number; gid: number };
  /** Times to the nanosecond, and access lists, for an archive of what is to be the same again; else whole seconds, as Docker's copies. */
  isExact?: boolean;
  /** The error to throw for one that reading the entry `name` met. */
  failure: (name: string, error: unknown) => Error;
}

interface Level {
  fd: number;
  /** With a slash at its end, or ''. */
  prefix: string;
  names: string[];
  next: number;
  device: number;
}

const ZEROS = Buffer.alloc(1 << 20);
const ENOENT = 2;
/** What shows that somebody removed or replaced a thing between two looks at it. */
const GONE = new Set(['ENOENT', 'ESTALE', 'ENOTDIR', 'ELOOP']);
const TYPES: Record<FileKind, string> = { file: '0', folder: '5', symlink: '2', fifo: '6', char: '3', block: '4', socket: '' };

/** The archive, whole, in chunks. Throws what `failure` makes of an error. */
export function* tarTree(options: TarTreeOptions): Generator<Buffer, void, undefined> {
  const written: Buffer[] = [];
  // The writer reuses its buffer.
  const tar = createTarWriter((chunk) => void written.push(Buffer.from(chunk)));
  const linked = new Map<string, string>();
  const levels: Level[] = [];
  let leftOutSockets = false;
  try {
    yield* entry(options.folder, options.base, options.name, -1);
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      const base = level.names[level.next++];
      if (base === undefined) closeFd(levels.pop()?.fd ?? -1);
      else yield* entry(level.fd, base, level.prefix + base, level.device);
      yield* drain();
    }
    tar.end();
    yield* drain();
  } finally {
    for (const { fd } of levels) closeFd(fd);
  }

  function* entry(folder: number, base: string, name: string, device: number): Generator<Buffer, void, undefined> {
    try {
      const stat = statAt(folder, base);
      const kind = stat && kindOf(stat);
      if (!stat || !kind || (device < 0 && options.kind && kind !== options.kind)) throw new SystemError('statx', ENOENT, base);
      if (kind === 'file') yield* file(folder, base, name);
      else if (kind === 'folder') folderEntry(folder, base, name, device);
      else if (kind === 'socket') leaveOut(name);
      else put(headerOf(stat, name, { linkName: kind === 'symlink' ? readLinkAt(folder, base) : '' }));
    } catch (error) {
      // What was asked for itself has to be there.
      if (device >= 0 && GONE.has(errnoOf(error) ?? '')) return;
      throw options.failure(name, error);
    }
  }

  function folderEntry(folder: number, base: string, name: string, parentDevice: number): void {
    const fd = openFolderAt(folder, base);
    const level: Level = { fd, prefix: name.endsWith('/') ? name : `${name}/`, names: [], next: 0, device: 0 };
    levels.push(level);
    const stat = statFd(fd);
    level.device = stat.device;
    put(headerOf(stat, level.prefix, { xattrs: attributesOf(fd, options) }));
    if (!options.isHidden?.(stat, { name, fd, device: parentDevice })) level.names = namesAt(fd, '');
  }

  function* file(folder: number, base: string, name: string): Generator<Buffer, void, undefined> {
    const fd = openToReadAt(folder, base);
    try {
      const stat = statFd(fd);
      // Somebody put something else in its place since we looked.
      if (kindOf(stat) !== 'file') throw new SystemError('openat', ENOENT, base);
      const first = stat.links > 1 ? linked.get(stat.identity) : undefined;
      if (first !== undefined) {
        put({ ...headerOf(stat, name, { linkName: first }), type: '1', size: 0 });
        return;
      }
      if (stat.links > 1) linked.set(stat.identity, name);
      put(headerOf(stat, name, { xattrs: attributesOf(fd, options) }));
      yield* content(fd, name);
    } finally {
      closeFd(fd);
    }
  }

  function* content(fd: number, name: string): Generator<Buffer, void, undefined> {
    while (tar.contentFrom(fd)) yield* drain();
    if (tar.wanted() === 0) return;
    options.onNotice(`"${shown(name)}" became shorter while it was read: the rest is zeros`);
    for (let left = tar.wanted(); left > 0; left = tar.wanted()) {
      tar.content(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
      yield* drain();
    }
  }

  function put(plain: TarHeader): void {
    const header = options.isExact ? plain : { ...plain, mtimeNanoseconds: 0 };
    tar.entry(options.ownerOf ? { ...header, ...options.ownerOf({ uid: header.uid, gid: header.gid }) } : header);
  }

  function* drain(): Generator<Buffer, void, undefined> {
    for (let chunk = written.shift(); chunk; chunk = written.shift()) yield chunk;
  }

  function leaveOut(name: string): void {
    if (!leftOutSockets) options.onNotice(`Left out sockets such as "${shown(name)}": an archive cannot hold them`);
    leftOutSockets = true;
  }
}

const shown = (name: string): string => Buffer.from(name, 'latin1').toString('utf8');

// Access lists name ids, which mean others on the other side.
function attributesOf(fd: number, { isExact = false }: Pick<TarTreeOptions, 'isExact'>): TarHeader['xattrs'] {
  const kept = xattrsToKeep(fd);
  if (isExact) return kept;
  for (const name of kept?.keys() ?? []) if (name.startsWith('system.posix_acl_')) kept?.delete(name);
  return kept;
}

function headerOf(stat: NodeStat, name: string, { linkName = '', xattrs }: { linkName?: string; xattrs?: TarHeader['xattrs'] }): TarHeader {
  const kind = kindOf(stat);
  const isDevice = kind === 'char' || kind === 'block';
  return {
    name,
    linkName,
    type: TYPES[kind],
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    size: kind === 'file' ? stat.size : 0,
    mtimeSeconds: stat.mtimeSeconds,
    mtimeNanoseconds: stat.mtimeNanoseconds,
    devMajor: isDevice ? stat.major : 0,
    devMinor: isDevice ? stat.minor : 0,
    xattrs,
  };
}
