// What of the sources counts, as one digest: names, types, modes, owners as they are copied, contents, link targets, extended attributes, never times. For
// --explain the same by path.

import { shown } from '../../../storage/layer-path.ts';
import { isFolder, join } from '../../../storage/stacked-tree.ts';
import { type FileKind, kindOf } from '../../../sys/look-at.ts';
import type { CopyStep } from '../model.ts';
import type { Collected } from './collect.ts';
import { denied, orDenied } from './denied.ts';
import type { HashCache } from './hash-cache.ts';
import { hashFile, xattrDigest } from './hash-file.ts';
import type { TextSource, TreeSource } from './place-source.ts';

const MOST_EXPLAINED = 100_000;
const SHORT = 12;
const LINES_AT_ONCE = 256;

export interface KeyMaker {
  add(source: TreeSource | TextSource, cache: HashCache | undefined): Promise<void>;
  /** Something that was fetched: its name, and what stands for its content. */
  note(name: string, digest: string): void;
  finish(): { contentKey: string; files: () => Record<string, string> };
}

/** `onPause` is waited for now and then. */
export function createKeyMaker(step: CopyStep, onPause: () => Promise<void>): KeyMaker {
  const hasher = new Bun.CryptoHasher('sha256').update(`${JSON.stringify(whatCounts(step))}\n`);
  const counted: Counted[] = [];
  let lines: string[] = [];

  return { add, note, finish };

  async function add(source: TreeSource | TextSource, cache: HashCache | undefined): Promise<void> {
    if (source.kind === 'text') {
      take({ name: source.base, content: `text\0${new Bun.CryptoHasher('sha256').update(source.data).digest('hex')}` });
      return;
    }
    lines.push(`source\0${source.base}\n`);
    for (const entry of source.entries) {
      const { stat } = entry.place.found;
      // Of a source that is a folder only what is in it is copied.
      if (entry.path === '' && isFolder(stat)) continue;
      const kind = kindOf(stat);
      // Nothing is waited for where a file is known: there may be tens of thousands.
      const known = kind === 'file' ? cache?.find(entry.place.path, stat) : contentOf(entry, kind);
      const content = known ?? (await digestOf(entry, cache));
      take({ source, entry, content });
      if (lines.length === 0) await onPause();
    }
  }

  async function digestOf({ place }: Collected, cache: HashCache | undefined): Promise<string> {
    const { folder, name, stat } = place.found;
    const startedMs = Date.now();
    const digest = await hashFile(folder.fd, join(folder.path, name), onPause).catch((error: unknown) => {
      throw denied(place.path, error);
    });
    cache?.keep(place.path, stat, digest, startedMs);
    await onPause();
    return digest;
  }

  function note(name: string, digest: string): void {
    take({ name, content: `fetched\0${digest}` });
  }

  function take(one: Counted): void {
    if (lines.push(lineOf(one)) >= LINES_AT_ONCE) flush();
    if (counted.length < MOST_EXPLAINED) counted.push(one);
  }

  function flush(): void {
    hasher.update(lines.join(''));
    lines = [];
  }

  function finish(): ReturnType<KeyMaker['finish']> {
    flush();
    // Asked for only where a step is explained or remembered.
    let files: Record<string, string> | undefined;
    return {
      contentKey: `sha256:${hasher.digest('hex')}`,
      files: () => {
        files ??= Object.fromEntries(counted.map((one) => [shown(pathOf(one)), shortOf(lineOf(one))]));
        return files;
      },
    };
  }
}

type Counted = { name: string; content: string } | { source: TreeSource; entry: Collected; content: string };

const pathOf = (one: Counted): string => ('name' in one ? one.name : one.entry.place.path);

const shortOf = (line: string): string => Bun.hash.xxHash64(line).toString(16).slice(0, SHORT);

function lineOf(one: Counted): string {
  if ('name' in one) return `${one.content}\0${one.name}\n`;
  const { isRoots, owners, fileMode } = one.source;
  const { path, place } = one.entry;
  const { stat } = place.found;
  const kind = kindOf(stat);
  const own = isRoots ? undefined : (owners?.of(place.path, stat) ?? stat);
  const bits = kind === 'symlink' ? 0 : ((kind === 'file' ? fileMode : undefined) ?? (own ?? stat).mode & 0o7777);
  return `${kind}\0${path}\0${bits}\0${own?.uid ?? 0}\0${own?.gid ?? 0}\0${kind === 'file' ? stat.size : 0}\0${one.content}\n`;
}

function contentOf({ link, place: { path, found } }: Collected, kind: FileKind): string {
  if (kind === 'symlink') return link;
  if (kind === 'folder') return orDenied(path, () => xattrDigest(found.folder.fd, join(found.folder.path, found.name)));
  return `${found.stat.major}:${found.stat.minor}`;
}

/** What the layer depends on besides the files. */
function whatCounts({ isAdd, dest, workdir, chown, chmod, link, parents, exclude, keepGitDir, unpack }: CopyStep): unknown[] {
  return [isAdd, dest, dest.startsWith('/') ? '' : workdir, chown ?? '', chmod ?? '', link, parents, exclude, keepGitDir, unpack ?? ''];
}
