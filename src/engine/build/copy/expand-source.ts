// Which files and folders a source of COPY or ADD names: one path, or what its wildcards match, in the order of the tree. A wildcard that
// matches nothing is no error, a plain path that is not there is one, as in BuildKit. What is named may be a symlink: what it leads to is
// copied, under the symlink's name.
import { cleanPath } from '../context/clean-path.ts';
import { hasWildcard, matchName } from './go-match.ts';
import { notFound } from './not-found.ts';
import { lookUp, namesOf, type Place, type SourceTree, step } from './source-tree.ts';

export interface NamedSource {
  place: Place;
  /** The last name of what was written, or matched; '' for the tree itself. */
  base: string;
  /** It was a wildcard's match. */
  isMatched: boolean;
}

/** `source` is text, as written. Throws ERR_NOT_FOUND. */
export function expandSource(tree: SourceTree, source: string, fromName: string): NamedSource[] {
  const text = cleanPath(`/${source}`).slice(1);
  if (!hasWildcard(text)) {
    const path = Buffer.from(text).toString('latin1');
    // Without a wildcard a backslash is part of the name, or, where nothing has that, takes the next character as it is.
    const place = lookUp(tree, path) ?? lookUp(tree, path.replace(/\\(.)/g, '$1'));
    if (!place) throw notFound(tree, path, { source, fromName });
    return [{ place, base: baseOf(path), isMatched: false }];
  }
  const parts = text.split('/');
  const first = parts.findIndex(hasWildcard);
  const start = lookUp(tree, Buffer.from(parts.slice(0, first).join('/')).toString('latin1'));
  if (!start) return [];
  return [...matches(tree, start, parts.slice(first))].map((place) => {
    const followed = lookUp(tree, place.path);
    if (!followed) throw notFound(tree, place.path, { source: place.path, fromName });
    return { place: followed, base: baseOf(place.path), isMatched: true };
  });
}

function* matches(tree: SourceTree, place: Place, patterns: readonly string[]): Generator<Place> {
  const [pattern = '', ...rest] = patterns;
  for (const name of namesOf(place)) {
    if (!matchName(pattern, name)) continue;
    const found = step(tree, place, name);
    if (!found) continue;
    if (rest.length === 0) yield found;
    else yield* matches(tree, found, rest);
  }
}

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
