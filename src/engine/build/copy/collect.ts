// What a source holds, in the order of the tree: what the ignore rules, --exclude and --parents let through, each with what of it counts. A
// folder that is only on the way to something comes right before that, and never if nothing is found below it.

import { isFolder, join } from '../../../storage/stacked-tree.ts';
import { readLinkAt } from '../../../sys/at.ts';
import { kindOf } from '../../../sys/look-at.ts';
import { openToReadAt } from '../../../sys/read-at.ts';
import type { Matcher, Verdict } from '../context/patterns.ts';
import { namesOf, type Place, type SourceTree, step } from './source-tree.ts';

export interface Collected {
  /** Relative to the source; '' for itself. Byte string. */
  path: string;
  place: Place;
  /** Of a symlink: byte string. */
  link: string;
  /** No pattern asked for the folder itself: it gives its owner and mode only to one that is made for it. */
  isPassing: boolean;
}

export interface CollectOptions {
  exclude?: Matcher | undefined;
  /** Of --parents: only what matches, and what is below it. */
  include?: Matcher | undefined;
}

interface Level {
  place: Place;
  path: string;
  excluded: Verdict | undefined;
  included: Verdict | undefined;
  /** Folders on the way that were not told of yet, outermost first. */
  pending: Collected[];
}

/** Yields `top` itself first, where anything of it counts at all. */
export function* collect(tree: SourceTree, top: Place, { exclude, include }: CollectOptions): Generator<Collected> {
  const first: Collected = { path: '', place: top, link: '', isPassing: false };
  if (!isFolder(top.found.stat)) {
    yield first;
    return;
  }
  const isHidden = top.verdict?.isMatched === true;
  const pending = isHidden ? [first] : [];
  if (!isHidden) yield first;
  yield* walk({ place: top, path: '', excluded: undefined, included: undefined, pending });

  function* walk(level: Level): Generator<Collected> {
    for (const name of namesOf(level.place)) {
      const place = step(tree, level.place, name);
      if (!place) continue;
      const path = join(level.path, name);
      const kind = kindOf(place.found.stat);
      const excluded = exclude?.look(path, level.excluded);
      const included = include?.look(path, level.included);
      const isWanted = !place.verdict?.isMatched && !excluded?.isMatched && included?.isMatched !== false;
      const isPassing = !isWanted || include !== undefined;
      const link = kind === 'symlink' ? readLinkAt(place.found.folder.fd, join(place.found.folder.path, name)) : '';
      const found: Collected = { path, place, link, isPassing };
      if (isWanted) {
        yield* level.pending;
        level.pending = [];
        yield found;
      }
      if (kind !== 'folder' || isHopeless(path, excluded, included)) continue;
      const inner: Level = { place, path, excluded, included, pending: isWanted ? [] : [...level.pending, found] };
      yield* walk(inner);
      // They were told of for the sake of something below.
      if (!isWanted && inner.pending.length === 0) level.pending = [];
    }
  }

  /** Whether nothing below the folder can be wanted. */
  function isHopeless(path: string, excluded: Verdict | undefined, included: Verdict | undefined): boolean {
    if (excluded?.isMatched && exclude?.mayTakeBack(path) === false) return true;
    return included?.isMatched === false && include?.mayHold(path) === false;
  }
}

/** A file's descriptor, to be closed by the caller. */
export const openCollected = ({ place: { found } }: Collected): number =>
  openToReadAt(found.folder.fd, join(found.folder.path, found.name));
