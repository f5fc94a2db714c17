// What lies among the networks and belongs to none: folders whose record is gone, which a removal that was killed leaves, and temporary files. Every
// writer holds the lock of all networks, so under it whatever is unfinished is nobody's.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { networksDir } from './layout.ts';
import { fileNames, PREDEFINED } from './network.ts';

type HasPaths = Pick<Ctx, 'paths'>;

/** Removes them. Only under the lock of all networks. */
export function removeOrphans(ctx: HasPaths): void {
  for (const name of orphanFiles(ctx)) rmSync(join(networksDir(ctx), name), { recursive: true, force: true });
}

/** Their names; without the lock some may be files that are just being written. `bridge` may have a folder before it has a record. */
export function orphanFiles(ctx: HasPaths): string[] {
  const names = fileNames(ctx);
  return names.filter((name) => {
    if (/^\..*\.tmp-/.test(name)) return true;
    const stem = name.slice(0, -'.d'.length);
    return name.endsWith('.d') && !names.includes(`${stem}.json`) && !Object.hasOwn(PREDEFINED, stem);
  });
}
