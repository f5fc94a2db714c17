// How much a tree of files is, for who wants to say how far its copy has come. Walked by descriptors, no symlink followed; what vanishes or
// is replaced meanwhile does not count.
import { closeFd, openFolderAt } from '../sys/at.ts';
import { errnoOf } from '../sys/errors.ts';
import { kindOf } from '../sys/look-at.ts';
import { namesAt, statAt } from '../sys/read-at.ts';

const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ESTALE']);

/** Everything with a name in the open folder and below it, and the bytes of its regular files; of one with several names, of each. */
export function measureTree(folder: number): { files: number; bytes: number } {
  const total = { files: 0, bytes: 0 };
  walk(folder);
  return total;

  function walk(from: number): void {
    for (const name of namesAt(from, '')) {
      const stat = statAt(from, name);
      if (!stat) continue;
      total.files++;
      const kind = kindOf(stat);
      if (kind === 'file') total.bytes += stat.size;
      if (kind === 'folder') enter(from, name);
    }
  }

  function enter(from: number, name: string): void {
    let inside: number;
    try {
      inside = openFolderAt(from, name);
    } catch (error) {
      if (GONE.has(errnoOf(error) ?? '')) return;
      throw error;
    }
    try {
      walk(inside);
    } finally {
      closeFd(inside);
    }
  }
}
