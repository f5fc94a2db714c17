// What a COPY or ADD names, found: trees of the context or of layers, texts of heredocs, and for ADD what has to be fetched or unpacked, which
// is done only when the layer is made, as far as its content is known without.

import { EngineError } from '../../../sys/errors.ts';
import { kindOf } from '../../../sys/look-at.ts';
import { cleanPath } from '../context/clean-path.ts';
import { flagMatcher, type Matcher } from '../context/patterns.ts';
import type { CopyStep } from '../model.ts';
import { type Collected, collect } from './collect.ts';
import { expandSource, type NamedSource } from './expand-source.ts';
import { hasWildcard } from './go-match.ts';
import { notFound } from './not-found.ts';
import type { TextSource, TreeSource } from './place-source.ts';
import type { CopySite } from './site.ts';
import { lookUp, type SourceTree, sourceTree } from './source-tree.ts';

/** What is a tree only once it was fetched or unpacked. */
export interface LateSource {
  kind: 'late';
  /** What stands for its content in the key. */
  name: string;
  digest: string;
  /** Makes the tree; to be released when it was copied. */
  open(): Promise<{ source: TreeSource; release: () => void }>;
}

export type FoundSource = { source: TreeSource | TextSource; late?: undefined; tree?: SourceTree } | { late: LateSource };

/** Throws ERR_NOT_FOUND and what fetching throws. */
export async function findSources(site: CopySite, step: CopyStep, onPause: () => Promise<void>): Promise<FoundSource[]> {
  const exclude = step.exclude.length === 0 ? undefined : flagMatcher('--exclude', step.exclude);
  const found: FoundSource[] = [];
  let tree: SourceTree | undefined;
  for (const written of step.sources) {
    const remote = await remoteSource(site, step, written);
    if (remote) {
      found.push(remote);
      continue;
    }
    tree ??= sourceTree(site, step.from);
    const named = step.parents ? parentsOf(tree, written, step.fromName) : plainOf(tree, written, step.fromName);
    for (const one of named) {
      const source = await gather(tree, one, { exclude, onPause });
      if (source.entries.length === 0 && one.isRequired) throw notFound(tree, one.place.path, { source: written, fromName: step.fromName });
      const archive = step.isAdd || step.unpack ? await archiveSource(site, step, source) : undefined;
      found.push(archive ?? { source, tree });
    }
  }
  for (const { name, text } of step.inline)
    found.push({ source: { kind: 'text', base: Buffer.from(name).toString('latin1'), data: Buffer.from(text) } });
  return found;
}

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
  // A wildcard's match can be excluded by its own name.
  if (!(isMatched && exclude && (exclude.look(base, undefined).isMatched || exclude.look(place.path, undefined).isMatched)))
    for (const entry of collect(tree, place, { exclude, include })) {
      if (kindOf(entry.place.found.stat) !== 'socket') entries.push(entry);
      await onPause();
    }
  return { kind: 'tree', base, entries, isRoots: tree.isContext, owners: tree.owners };
}

async function remoteSource(_site: CopySite, { isAdd }: CopyStep, written: string): Promise<FoundSource | undefined> {
  if (!/^(?:https?:\/\/|git@|git:\/\/|ssh:\/\/)/.test(written)) return undefined;
  if (!isAdd) throw new EngineError('ERR_DOCKERFILE', `source can't be a URL for COPY`, { hint: 'ADD takes URLs and git repositories' });
  throw new EngineError('ERR_UNSUPPORTED', `ADD of "${written}" is not there yet`);
}

async function archiveSource(_site: CopySite, _step: CopyStep, _source: TreeSource): Promise<FoundSource | undefined> {
  return undefined;
}
