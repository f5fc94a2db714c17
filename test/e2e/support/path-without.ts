// Takes one command away from a test: a PATH of symlinks to every other.
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A PATH, made in `folder`, that holds every command of this machine but `without`. */
export function pathWithout(without: string, folder: string): string {
  const path = join(folder, `path-without-${without}`);
  mkdirSync(path, { recursive: true });
  const taken = new Set([without, ...readdirSync(path)]);
  for (const place of ['/usr/local/bin', '/usr/bin', '/usr/sbin', '/bin', '/sbin']) {
    for (const name of readdirSync(place)) {
      if (taken.has(name)) continue;
      symlinkSync(join(place, name), join(path, name));
      taken.add(name);
    }
  }
  return path;
}
