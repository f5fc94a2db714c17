// What a COPY or ADD names, found: trees of the context or of layers, texts of heredocs, and for ADD what has to be fetched or unpacked, which
// is done only when the layer is made, as far as its content is known without.

import { EngineError } from '../../../sys/errors.ts';
import { kindOf } from '../../../sys/look-at.ts';
import { cleanPath } from '../context/clean-path.ts';
import { parseGitUrl } from '../context/git-url.ts';
import { flagMatcher, type Matcher } from '../context/patterns.ts';
import type { CopyStep } from '../model.ts';
import { type Collected, collect } from './collect.ts';
import { expandSource, type NamedSource } from './expand-source.ts';
import { hasWildcard } from './go-match.ts';
import type { LateSource } from './late-source.ts';
import { notFound } from './not-found.ts';
import type { TextSource, TreeSource } from './place-source.ts';
import type { CopySite } from './site.ts';
import { hintAtSize } from './size-hint.ts';
import { lookUp, type SourceTree, sourceTree } from './source-tree.ts';

export type FoundSource =
  | { source: TreeSource | TextSource; late?: undefined; tree?: SourceTree }
  | { late: LateSource; tree?: SourceTree };

/** Throws ERR_NOT_FOUND and what fetching throws. */
export async function findSources(site: CopySite, step: CopyStep, onPause: () => Promise<void>): Promise<FoundSource[]> {
  const exclude = step.exclude.length === 0 ? undefined : flagMatcher('--exclude', step.exclude);
  const found: FoundSource[] = [];
  let tree: SourceTree | undefined;
  for (const written of step.sources) {
    const remote = await remoteSource(site, step, { written, exclude });
    if (remote) {
      found.push(remote);
      continue;
    }
    tree ??= sourceTree(site, step.from);
    const named = step.parents ? parentsOf(tree, written, step.fromName) : plainOf(tree, written, step.fromName);
    for (const one of named) {
      const source = await gather(tree, one, { exclude, onPause });
      if (source.entries.length === 0 && one.isRequired) throw notFound(tree, one.place.path, { source: written, fromName: step.fromName });
      if (tree.isContext) hintAtSize(site, written, source.entries);
      const archive = (step.unpack ?? step.isAdd) ? await archiveOf(site, source) : undefined;
      if (archive?.late) archive.tree = tree;
      found.push(archive ?? { source, tree });
    }
  }
  for (const { name, text } of step.inline)
    found.push({ source: { kind: 'text', base: Buffer.from(name).toString('latin1'), data: Buffer.from(text) } });
  return found;
}

/** Between looks at the clock. */
const ENTRIES_AT_ONCE = 64;

interface Wanted extends NamedSource {
  include?: Matcher | undefined;
  isRequired: boolean;
}

const plainOf = (tree: SourceTree, written: string, fromName: string): Wanted[] =>
  expandSource(tree, written, fromName).map((one) => ({ ...one, isRequired: !one.isMatched }));

/** `--parents`: from the pivot `/./`, or from the tree's own root, all folders on the way come along. */
function parentsOf(tree: SourceTree, written: string, fromName: string): Wanted[] {
  const pivot = written.indexOf('/./');
  const start = cleanPath(`/${pivot < 0 ? '' : written.slice(0, pivot)}`).slice(1);
  const pattern = cleanPath(`/${pivot < 0 ? written : written.slice(pivot + 3)}`).slice(1);
  const isRequired = !hasWildcard(start) && !hasWildcard(pattern);
  if (isRequired) {
    const path = Buffer.from(`${start}/${pattern}`).toString('latin1');
    if (!lookUp(tree, path)) throw notFound(tree, path.replace(/^\//, ''), { source: written, fromName });
  }
  const include = pattern === '' ? undefined : flagMatcher('--parents', [pattern]);
  return expandSource(tree, start, fromName).map((one) => ({ ...one, include, isRequired: false }));
}

async function gather(
  tree: SourceTree,
  { place, base, include, isMatched }: Wanted,
  { exclude, onPause }: { exclude: Matcher | undefined; onPause: () => Promise<void> },
): Promise<TreeSource> {
  const entries: Collected[] = [];
  let count = 0;
  // A wildcard's match can be excluded by its own name.
  if (!(isMatched && exclude && (exclude.look(base, undefined).isMatched || exclude.look(place.path, undefined).isMatched)))
    for (const entry of collect(tree, place, { exclude, include })) {
      if (kindOf(entry.place.found.stat) !== 'socket') entries.push(entry);
      if (++count % ENTRIES_AT_ONCE === 0) await onPause();
    }
  return { kind: 'tree', base, entries, isRoots: tree.isContext, owners: tree.owners };
}

/** What a word of ADD names that is not in the context. */
async function remoteSource(
  site: CopySite,
  step: CopyStep,
  { written, exclude }: { written: string; exclude: Matcher | undefined },
): Promise<FoundSource | undefined> {
  if (!/^(?:\w+:\/\/|[\w-]+@[\w.-]+:|github\.com\/)/.test(written)) return undefined;
  const git = written.startsWith('github.com/') ? undefined : parseGitUrl(written);
  const isUrl = /^https?:\/\//.test(written);
  if (!git && !isUrl) return undefined;
  if (!step.isAdd)
    throw new EngineError('ERR_COPY', `source can't be a ${git ? 'git ref' : 'URL'} for COPY`, {
      hint: 'ADD takes URLs and git repositories',
    });
  const { checksum, keepGitDir, dest, id } = step;
  if (git) {
    const { gitSource } = await import('./add-git.ts');
    return { late: await gitSource(site, git, { written, keepGitDir, checksum, exclude }) };
  }
  const { urlSource } = await import('./add-url.ts');
  const source = await urlSource(site, written, { checksum, id, asksForFolder: /(?:^|\/)\.?$/.test(dest) });
  return (step.unpack && (await archiveOf(site, source))) || { source };
}

async function archiveOf(site: CopySite, source: TreeSource): Promise<FoundSource | undefined> {
  const { archiveSource } = await import('./add-archive.ts');
  const late = await archiveSource(site, source);
  return late && { late };
}
