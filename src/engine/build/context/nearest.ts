// The names that somebody who wrote another may have meant.
import { editDistance } from '../../../sys/edit-distance.ts';

const MOST = 3;

/** At most three of `names`, the nearest first: those that differ in case alone, in a few letters, or in what comes before or behind. */
export function nearest(word: string, names: readonly string[]): string[] {
  const wanted = word.toLowerCase();
  const most = Math.max(1, Math.floor(word.length / 3));
  return names
    .map((name) => ({ name, distance: distanceOf(wanted, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .sort((one, other) => one.distance - other.distance)
    .slice(0, MOST)
    .map(({ name }) => name);
}

function distanceOf(wanted: string, name: string): number {
  if (Math.abs(wanted.length - name.length) <= 4) {
    const distance = editDistance(wanted, name);
    if (distance <= Math.max(1, Math.floor(wanted.length / 3))) return distance;
  }
  // `package.json` for `package`, `src` for `src-old`.
  const isStart = wanted.length > 2 && name.length > 2 && (name.startsWith(wanted) || wanted.startsWith(name));
  return isStart ? 1 : Number.POSITIVE_INFINITY;
}
