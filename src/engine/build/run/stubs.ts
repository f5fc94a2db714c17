// The places that mounts are made on: where the rootfs has none the runtime makes them, and they would stay in the layer. What was missing is noted before
// the container is made; afterwards those of it that are empty still go, deepest first. Trap: only what was not there may go, for an empty folder of
// the image's, or one that the program made there, is the image's.
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { lookInside, type RootView } from '../../../runtime/spec/inside.ts';
import { closeFd, openFolderAt, removeFolderAt, unlinkAt } from '../../../sys/at.ts';
import { namesAt, statAt } from '../../../sys/read-at.ts';
import { walkInRoot } from '../../../sys/walk-in-root.ts';

const OWN_PLACES = ['/proc', '/sys', '/dev', '/etc/hosts', '/etc/resolv.conf'];

/** Paths inside, symlinks followed, that do not exist and will have to for mounts at `destinations`; the deepest last. */
export function missingPlaces(rootfs: string, destinations: readonly string[]): string[] {
  const view: RootView = { rootfs };
  return [...new Set([...OWN_PLACES, ...destinations].flatMap((path) => missingOf(view, path)))];
}

function missingOf(view: RootView, path: string): string[] {
  let inside = '/';
  const missing: string[] = [];
  for (const part of path.split('/').filter(Boolean)) {
    const next = join(inside, part);
    const place = missing.length === 0 ? lookInside(view, next) : undefined;
    if (place === undefined || place.found === 'nothing') missing.push(next);
    else if (!('inside' in place)) return [];
    inside = place && 'inside' in place ? place.inside : next;
  }
  return missing;
}

/** Removes those of the places that are there and empty; `folder` is the rootfs, or the upper folder of its overlay. */
export function removeEmpty(folder: string, places: readonly string[]): void {
  const root = openSync(folder, 'r');
  try {
    for (const place of places.toSorted((a, b) => b.length - a.length)) removeIfEmpty(root, Buffer.from(place).toString('latin1'));
  } finally {
    closeSync(root);
  }
}

// No symlink was on the way when it was noted: one that is there now is the program's, and what lies behind it is not ours.
function removeIfEmpty(root: number, place: string): void {
  try {
    const { folder, folderPath, base, kind } = walkInRoot(root, place, { follow: false });
    try {
      if (join(folderPath, base) !== place) return;
      if (kind === 'folder') removeFolder(folder, base);
      else if (kind === 'file' && statAt(folder, base)?.size === 0) unlinkAt(folder, base);
    } finally {
      closeFd(folder);
    }
  } catch {
    // Gone, or not empty: the program has put something there, which is part of what it did.
  }
}

// fuse-overlayfs notes by two files that nothing of a folder shows through, even of one that is nowhere below.
function removeFolder(parent: number, base: string): void {
  const own = openFolderAt(parent, base);
  try {
    const names = namesAt(own, '');
    if (names.every((name) => OPAQUE_FILES.includes(name))) for (const name of names) unlinkAt(own, name);
  } finally {
    closeFd(own);
  }
  removeFolderAt(parent, base);
}

const OPAQUE_FILES = ['.wh..opq', '.wh..wh..opq'];
