// A folder that an archive is unpacked into, and how the folders below it are found. On the way to an entry its folders may be there
// already, and be symlinks: in a container they are followed as its own processes would follow them, with its root as `/`; in a folder
// of the user's own they are not followed at all, for what comes out of a container must not decide where on the machine it lands.
import { closeFd, makeFolderAt, openFolderAt } from '../sys/at.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { reopenFolder } from '../sys/look-at.ts';
import { walkInRoot } from '../sys/walk-in-root.ts';
import { shown, splitPath } from './layer-path.ts';

export interface TreePlace {
  /** A descriptor of the folder `path` below the place ('' is itself), made where it is missing; valid for the next few calls. */
  enter(path: string): number;
  /** The archive itself has put a folder there: no symlink is to be followed from now on. */
  noteFolder(path: string): void;
  /** The full path of `path` for people. */
  path(path: string): string;
  close(): void;
}

export interface TreePlaceOptions {
  /** The folder, open for reading; closed with the place. */
  folder: number;
  /** Its path: canonical, as a byte string. */
  path: string;
  /** Descriptor of the root that symlinks are followed in; without one they are not followed. */
  root?: number;
}

/** Descriptors kept open. */
const OPEN_FOLDERS = 24;

export function createTreePlace({ folder: top, path: topPath, root }: TreePlaceOptions): TreePlace {
  const known = new Set<string>();
  const open = new Map<string, number>();
  const full = (path: string): string => `${topPath === '/' ? '' : topPath}/${path}`;

  return {
    enter,
    noteFolder: (path) => void known.add(path),
    path: (path) => shown(path === '' ? topPath : full(path)),
    close() {
      for (const fd of open.values()) closeFd(fd);
      open.clear();
      closeFd(top);
    },
  };

  function enter(path: string): number {
    if (path === '') return top;
    const cached = open.get(path);
    const fd = cached ?? openFolder(path);
    // Deleted first so that the map's order is the order of use.
    open.delete(path);
    open.set(path, fd);
    if (open.size > OPEN_FOLDERS) closeOldest();
    return fd;
  }

  function closeOldest(): void {
    for (const [path, fd] of open) {
      closeFd(fd);
      open.delete(path);
      return;
    }
  }

  function openFolder(path: string): number {
    const { folder, base } = splitPath(path);
    const parent = enter(folder);
    try {
      return openFolderAt(parent, base);
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ENOENT') return makeFolder(parent, base);
      if (code !== 'ENOTDIR' && code !== 'ELOOP') throw error;
      if (root === undefined || known.has(path)) throw notAFolder(path);
      return follow(root, path);
    }
  }

  function makeFolder(parent: number, base: string): number {
    makeFolderAt(parent, base, 0o755);
    return openFolderAt(parent, base);
  }

  function follow(from: number, path: string): number {
    const end = walkInRoot(from, full(path), { follow: true });
    try {
      if (end.kind === 'folder') return openFolderAt(end.folder, end.base);
      if (!end.kind) return makeFolder(end.folder, end.base);
      throw notAFolder(path);
    } finally {
      closeFd(end.folder);
    }
  }

  function notAFolder(path: string): EngineError {
    return new EngineError('ERR_COPY_CONFLICT', `cannot overwrite non-directory "${shown(full(path))}" with directory "${shown(topPath)}"`);
  }
}

/** The place that is the folder `base` in `folder` (an O_PATH descriptor will do). */
export function openTreePlace(at: { folder: number; base: string }, options: Omit<TreePlaceOptions, 'folder'>): TreePlace {
  return createTreePlace({ ...options, folder: at.base === '.' ? reopenFolder(at.folder) : openFolderAt(at.folder, at.base) });
}
