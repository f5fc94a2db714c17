// The worker's own surroundings for steps that run: a /proc of its pid namespace, a tmpfs, one version of cgroups, ears for the ends of containers.
// Their folder below the run folder is named as a step's container is, and has a lock like one, so that a sweep takes what a killed build left.
import { mkdirSync, rmSync } from 'node:fs';
import { detachBelow } from '../../../runtime/submounts.ts';
import { awaitChildren } from '../../../runtime/supervisor/awaited.ts';
import { isolateMany } from '../../../runtime/supervisor/isolate.ts';
import { newBuildId, sweepDeadBuilds } from '../../../storage/build-container.ts';
import { containerLockPath, containerRunDir } from '../../../storage/layout.ts';
import type { BuildSite } from '../model.ts';
import type { Running } from '../running.ts';

/** To be called once in a worker, and `end` once nothing of the build runs any more. Throws SystemError where a mount is refused. */
export function surround({ ctx }: Pick<BuildSite, 'ctx'>): Pick<Running, 'orphans' | 'isolate'> & { end: () => Promise<void> } {
  sweepDeadBuilds(ctx);
  const { id, lock } = newBuildId(ctx);
  const folder = containerRunDir(ctx, id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const orphans = awaitChildren();
  const end = async (): Promise<void> => {
    await orphans.endAll();
    detachBelow(folder);
    rmSync(folder, { recursive: true, force: true });
    rmSync(containerLockPath(ctx, id), { force: true });
    lock.release();
  };
  return { orphans, isolate: isolateMany(folder), end };
}
