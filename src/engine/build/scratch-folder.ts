// Small things that a build hands its steps as files: scripts of heredocs, an empty folder. They lie in tmp/ under the name of the build's claim, so
// that a sweep takes what is left when it dies.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpDir } from '../../storage/layout.ts';
import type { BuildSite } from './model.ts';

type Site = Pick<BuildSite, 'ctx' | 'hold'>;

const scratchOf = ({ ctx, hold }: Site): string => join(tmpDir(ctx), hold.name);

/** A new empty folder. */
export function scratchFolder(site: Site): string {
  const folder = join(scratchOf(site), Math.random().toString(36).slice(2));
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

export function removeScratch(site: Site): void {
  rmSync(scratchOf(site), { recursive: true, force: true });
}
