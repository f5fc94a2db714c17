// The nearest known word to a mistyped one.
import { editDistance } from '../sys/edit-distance.ts';

/** The candidate within two edits (one for short words) of `word`, or undefined. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  // Every single letter is one edit away from every other.
  let bestDistance = word.length <= 1 ? 0 : word.length <= 3 ? 1 : 2;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance > bestDistance || (distance === bestDistance && best !== undefined)) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}
