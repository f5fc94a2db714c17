// Compresses the rotated files of a log (`.1` → `.1.gz`) in the background, a megabyte at a time, so that the supervisor it runs in does
// its other work in between. Each megabyte is a gzip member of its own; members one after another are one file (RFC 1952, 2.2).
// Traps: files are renamed while one of them is read, so a file is known by its inode; the compressed one gets the time of the plain one,
// by which readers know it again. If we die, the plain file is still there, and the next rotation begins anew.
import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { setTimesFd } from '../sys/at.ts';
import { writeAll } from '../sys/atomic.ts';

const CHUNK = 1 << 20;

/** Resolves when no rotated file is left that is not compressed, or the disk takes no more. */
export async function compressRotated(path: string, maxFiles: number): Promise<void> {
  const making = `${path}.gz.making`;
  for (let number = oldest(path, maxFiles); number > 0; number = oldest(path, maxFiles)) {
    const fd = openSync(`${path}.${number}`, 'r');
    try {
      await compress(fd, making);
      const now = numberOf(path, fstatSync(fd).ino, maxFiles);
      if (now === 0) continue;
      renameSync(making, `${path}.${now}.gz`);
      rmSync(`${path}.${now}`);
    } catch {
      return;
    } finally {
      rmSync(making, { force: true });
      closeSync(fd);
    }
  }
}

async function compress(from: number, path: string): Promise<void> {
  const to = openSync(path, 'w', 0o600);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (let length = readSync(from, buffer); length > 0; length = readSync(from, buffer)) {
      writeAll(to, Bun.gzipSync(buffer.subarray(0, length), { level: 1 }));
      await Bun.sleep(0);
    }
    const { mtimeNs } = fstatSync(from, { bigint: true });
    setTimesFd(to, Number(mtimeNs / 1_000_000_000n), Number(mtimeNs % 1_000_000_000n));
  } finally {
    closeSync(to);
  }
}

/** The highest number of a plain rotated file, or 0. */
function oldest(path: string, maxFiles: number): number {
  for (let number = maxFiles - 1; number > 0; number--) if (inodeOf(`${path}.${number}`) !== undefined) return number;
  return 0;
}

function numberOf(path: string, inode: number, maxFiles: number): number {
  for (let number = maxFiles - 1; number > 0; number--) if (inodeOf(`${path}.${number}`) === inode) return number;
  return 0;
}

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;
