// What of the sources counts, as one digest: names, types, modes, owners as they are copied, contents, link targets, extended attributes, never times. For
// --explain the same by path.

import { isFolder, join } from '../../../storage/stacked-tree.ts';
import { kindOf } from '../../../sys/look-at.ts';
import type { CopyStep } from '../model.ts';
import type { Collected } from './collect.ts';
import type { HashCache } from './hash-cache.ts';
import { hashFile, xattrDigest } from './hash-file.ts';
import type { TextSource, TreeSource } from './place-source.ts';

const MOST_EXPLAINED = 100_000;
const SHORT = 12;

export interface KeyMaker {
  add(source: TreeSource | TextSource, cache: HashCache | undefined): Promise<void>;
  /** Something that was fetched: its name, and what stands for its content. */
  note(name: string, digest: string): void;
  finish(): { contentKey: string; files: () => Record<string, string> };
}

/** `onPause` is waited for between files. */
export function createKeyMaker(step: CopyStep, onPause: () => Promise<void>): KeyMaker {
  const hasher = new Bun.CryptoHasher('sha256').update(`${JSON.stringify(whatCounts(step))}\n`);
  const counted: [path: string, line: string][] = [];

  return { add, note, finish };

  async function add(source: TreeSource | TextSource, cache: HashCache | undefined): Promise<void> {
    if (source.kind === 'text') {
      take(source.base, `text\0${source.base}\0${new Bun.CryptoHasher('sha256').update(source.data).digest('hex')}\n`);
      return;
    }
    hasher.update(`source\0${source.base}\n`);
    for (const entry of source.entries) {
      // Of a source that is a folder only what is in it is copied.
      if (entry.path === '' && isFolder(entry.place.found.stat)) continue;
      take(entry.place.path, await lineOf(source, entry, cache));
      await onPause();
    }
  }

  async function lineOf({ isRoots, owners, fileMode }: TreeSource, entry: Collected, cache: HashCache | undefined): Promise<string> {
    const { stat, folder, name } = entry.place.found;
    const kind = kindOf(stat);
    const { uid, gid, mode } = isRoots ? { uid: 0, gid: 0, mode: stat.mode } : (owners?.of(entry.place.path, stat) ?? stat);
    const bits = kind === 'symlink' ? 0 : ((kind === 'file' ? fileMode : undefined) ?? mode & 0o7777);
    const line = `${kind}\0${entry.path}\0${bits}\0${uid}\0${gid}\0`;
    if (kind === 'symlink') return `${line}${entry.link}\n`;
    if (kind === 'folder') return `${line}${xattrDigest(folder.fd, join(folder.path, name))}\n`;
    if (kind !== 'file') return `${line}${stat.major}:${stat.minor}\n`;
    const known = cache?.find(entry.place.path, stat);
    if (known !== undefined) return `${line}${stat.size}\0${known}\n`;
    const startedMs = Date.now();
    const digest = await hashFile(folder.fd, join(folder.path, name), onPause);
    cache?.keep(entry.place.path, stat, digest, startedMs);
    return `${line}${stat.size}\0${digest}\n`;
  }

  function note(name: string, digest: string): void {
    take(name, `fetched\0${name}\0${digest}\n`);
  }

  function take(path: string, line: string): void {
    hasher.update(line);
    if (counted.length < MOST_EXPLAINED) counted.push([path, line]);
  }

  function finish(): ReturnType<KeyMaker['finish']> {
    // Asked for only where a step is explained or remembered.
    let files: Record<string, string> | undefined;
    return {
      contentKey: `sha256:${hasher.digest('hex')}`,
      files: () => {
        files ??= Object.fromEntries(counted.map(([path, line]) => [Buffer.from(path, 'latin1').toString(), shortOf(line)]));
        return files;
      },
    };
  }
}

const shortOf = (line: string): string => new Bun.CryptoHasher('sha256').update(line).digest('hex').slice(0, SHORT);

/** What the layer depends on besides the files. */
function whatCounts({ isAdd, dest, workdir, chown, chmod, link, parents, exclude, keepGitDir, unpack }: CopyStep): unknown[] {
  return [isAdd, dest, dest.startsWith('/') ? '' : workdir, chown ?? '', chmod ?? '', link, parents, exclude, keepGitDir, unpack ?? ''];
}
