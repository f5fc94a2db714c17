// What a build context is, as it was given, and what bytes that came from elsewhere are.
import { readSync } from 'node:fs';
import { BLOCK_BYTES, readTarHeader } from '../../../storage/tar-header.ts';
import { type GitSource, parseGitUrl } from './git-url.ts';

export type ContextPlace =
  | { kind: 'stdin' }
  | { kind: 'git'; source: GitSource }
  | { kind: 'url'; url: string }
  | { kind: 'folder'; path: string };

/** Throws ERR_BAD_GIT_URL. */
export function placeOf(given: string): ContextPlace {
  if (given === '-') return { kind: 'stdin' };
  const source = parseGitUrl(given);
  if (source) return { kind: 'git', source };
  return /^https?:\/\//.test(given) ? { kind: 'url', url: given } : { kind: 'folder', path: given };
}

/** Whether the open file begins as a tar archive, or as something compressed, which only an archive would be. */
export function isArchive(fd: number): boolean {
  const head = Buffer.alloc(BLOCK_BYTES);
  const count = readSync(fd, head, 0, BLOCK_BYTES, 0);
  return isCompressed(head) || (count === BLOCK_BYTES && isTarHeader(head));
}

/** gzip, bzip2, xz, zstd. */
export function isCompressed(head: Buffer): boolean {
  const start = head.toString('latin1', 0, 6);
  return start.startsWith('\x1f\x8b') || start.startsWith('BZh') || start.startsWith('\xfd7zXZ\0') || start.startsWith('\x28\xb5\x2f\xfd');
}

export function isTarHeader(block: Buffer): boolean {
  try {
    return readTarHeader(block, 0) !== undefined;
  } catch {
    return false;
  }
}
