// Opens a path below a folder without ever leaving it, whoever changes the tree meanwhile: one component at a time by descriptor, no
// symlink followed by the kernel. A symlink that stays inside is followed by us; an absolute one, or a `..` above the folder, is an escape.
// walk-in-root.ts is another walker because it means something else: there a path is a container's own and leads nowhere but inside, as for its processes;
// here it is somebody's subpath, of which what leads out is refused. And every supervisor with such a mount loads this one.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { openPlaceAt, readLinkAt } from './at.ts';
import { SystemError } from './ffi.ts';

export interface Place {
  /** To be closed by the caller; `/proc/self/fd/N` is the place, even if it is moved. */
  fd: number;
  isFolder: boolean;
}

/** The path leads out of the folder. */
export class EscapeError extends Error {}

const MAX_SYMLINKS = 40;
const ELOOP = 40;
const ENOTDIR = 20;

/** Opens `path`, relative to the folder `root`. Throws EscapeError, or a SystemError such as ENOENT. */
export function openBeneath(root: string, path: string): Place {
  const trail = [openSync(root, 'r')];
  // Names are byte strings in at.ts.
  let pending = parts(Buffer.from(path).toString('latin1'));
  let symlinks = 0;
  let isFolder = true;
  try {
    for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
      if (!isFolder) throw new SystemError('openat', ENOTDIR, path);
      if (part === '..') {
        if (trail.length === 1) throw new EscapeError();
        closeSync(trail.pop() as number);
        continue;
      }
      const fd = openPlaceAt(trail.at(-1) as number, part);
      trail.push(fd);
      const stat = fstatSync(fd);
      isFolder = stat.isDirectory();
      if (!stat.isSymbolicLink()) continue;
      if (++symlinks > MAX_SYMLINKS) throw new SystemError('openat', ELOOP, path);
      const target = readLinkAt(fd, '');
      if (target.startsWith('/')) throw new EscapeError();
      closeSync(trail.pop() as number);
      pending = [...parts(target), ...pending];
      isFolder = true;
    }
    return { fd: trail.pop() as number, isFolder };
  } finally {
    for (const fd of trail) closeSync(fd);
  }
}

const parts = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');
