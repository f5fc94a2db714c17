// Moves names between open folders, and removes whole trees below one, by descriptors alone: no symlink that somebody puts in the way is
// followed. Names are byte strings (see at.ts).
import { dlopen } from 'bun:ffi';
import { closeFd, openFolderAt, unlinkAt } from './at.ts';
import { errnoOf } from './errors.ts';
import { check, errnoName, ptr } from './ffi.ts';
import { namesAt, statAt } from './read-at.ts';

const { symbols: f } = dlopen('libc.so.6', {
  renameat2: { args: ['i32', 'ptr', 'i32', 'ptr', 'u32'], returns: 'i32' },
  unlinkat: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
});

const RENAME_NOREPLACE = 1;
const AT_REMOVEDIR = 0x200;

export interface Move {
  from: number;
  to: number;
  name: string;
  /** The new name, if it is another. */
  as?: string;
}

/** Renames what `from` has under `name` into the folder `to`; false when something has that name there already. */
export function moveAt({ from, to, name, as = name }: Move): boolean {
  if (rename({ from, to, name, as }, RENAME_NOREPLACE)) return true;
  if (errnoName() === 'EEXIST') return false;
  // A file system that cannot look and rename in one.
  if (errnoName() !== 'EINVAL') check(-1, 'renameat2', name);
  if (statAt(to, as)) return false;
  if (!rename({ from, to, name, as }, 0)) check(-1, 'renameat', name);
  return true;
}

function rename({ from, to, name, as }: Required<Move>, flags: number): boolean {
  return f.renameat2(from, ptr(bytes(name)), to, ptr(bytes(as)), flags) === 0;
}

/** Removes an empty folder. Throws ENOTEMPTY. */
export function removeFolderAt(folder: number, name: string): void {
  check(f.unlinkat(folder, ptr(bytes(name)), AT_REMOVEDIR), 'unlinkat', name);
}

/** Removes whatever has that name, a folder with all that is in it. What vanishes meanwhile is no error. */
export function removeTreeAt(folder: number, name: string): void {
  try {
    unlinkAt(folder, name);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT') return;
    if (code !== 'EISDIR' && code !== 'EPERM') throw error;
    removeContents(folder, name);
    removeFolderAt(folder, name);
  }
}

function removeContents(folder: number, name: string): void {
  const fd = openFolderAt(folder, name);
  try {
    for (const inside of namesAt(fd, '')) removeTreeAt(fd, inside);
  } finally {
    closeFd(fd);
  }
}

const bytes = (name: string): Buffer => Buffer.from(`${name}\0`, 'latin1');
