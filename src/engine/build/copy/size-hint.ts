// One line when a COPY takes very much of the context: mostly it is what nobody meant to copy, and .dockerignore is how to say so.
import { shown } from '../../../storage/layer-path.ts';
import { kindOf } from '../../../sys/look-at.ts';
import type { Collected } from './collect.ts';
import type { CopySite } from './site.ts';

const MANY_BYTES = 5e9;
const MANY_FILES = 200_000;
const GIGABYTE = 1e9;

/** Told once a build. */
const told = new WeakSet<CopySite>();

/** `written`: the source as in the Dockerfile. */
export function hintAtSize(site: CopySite, written: string, entries: readonly Collected[]): void {
  if (told.has(site)) return;
  let [bytes, files] = [0, 0];
  const byFolder = new Map<string, number>();
  for (const { path, place } of entries) {
    if (kindOf(place.found.stat) !== 'file') continue;
    const { size } = place.found.stat;
    bytes += size;
    files++;
    const slash = path.indexOf('/');
    if (slash > 0) byFolder.set(path.slice(0, slash), (byFolder.get(path.slice(0, slash)) ?? 0) + size);
  }
  if (bytes < MANY_BYTES && files < MANY_FILES) return;
  told.add(site);
  const largest = [...byFolder].sort(([, one], [, other]) => other - one).slice(0, 3);
  const most = largest.length === 0 ? '' : `, most of it in ${largest.map(([name]) => `"${shown(name)}"`).join(', ')}`;
  const size = `${(bytes / GIGABYTE).toFixed(1)} GB in ${files} ${files === 1 ? 'file' : 'files'}`;
  site.ctx.warn(`"${written}" of the build context is large: ${size}${most}. List in .dockerignore what the image does not need`);
}
