// Makes a bind mount of ours read-only. A user namespace may not take away what a mount is forbidden (nosuid, nodev, noexec, its kind of
// access times), so what it is forbidden already is asked for again.
import { closeFd } from './at.ts';
import { fileSystemOf, openPlace } from './look-at.ts';
import { MS, mount } from './mount.ts';

const KEPT = 0x2 | 0x4 | 0x8 | 0x400 | 0x800;
const ST_RELATIME = 0x1000;
const ST_ANY_ATIME = 0x400 | ST_RELATIME;
const MS_RELATIME = 1 << 21;
const MS_STRICTATIME = 1 << 24;

/** Remounts the mount whose root is `target` read-only; those below it stay as they are. Throws SystemError. */
export function remountReadOnly(target: string): void {
  const fd = openPlace(target);
  try {
    const { flags } = fileSystemOf(fd);
    const atime = flags & ST_RELATIME ? MS_RELATIME : flags & ST_ANY_ATIME ? 0 : MS_STRICTATIME;
    mount('none', target, { flags: MS.BIND | MS.REMOUNT | MS.RDONLY | (flags & KEPT) | atime });
  } finally {
    closeFd(fd);
  }
}
