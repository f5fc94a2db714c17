// What all RUN steps of one build share, made when the first of them has to run: mounts of the worker's own, what the front knows, who hears of
// their ends. A build whose steps are all in the cache, or that only copies, makes none of it.
// Its folder below the run folder is a container's, with that one's lock, so that a sweep takes what a killed build left.
import { mkdirSync, rmSync } from 'node:fs';
import { detachBelow } from '../../runtime/submounts.ts';
import { awaitChildren } from '../../runtime/supervisor/awaited.ts';
import { isolateMany, type Surroundings } from '../../runtime/supervisor/isolate.ts';
import type { Orphans } from '../../runtime/supervisor/orphans.ts';
import { newBuildId, sweepDeadBuilds } from '../../storage/build-container.ts';
import { containerLockPath, containerRunDir } from '../../storage/layout.ts';
import type { ContainerConfig } from '../../storage/records.ts';
import type { RunningFacts } from '../work-messages.ts';
import type { BuildSite } from './model.ts';

export interface Running extends RunningFacts {
  orphans: Orphans;
  /** What one container has for itself. `name`: of its folder on the tmpfs. */
  isolate(name: string, config: ContainerConfig): Surroundings;
}

interface Shared {
  ask: () => Promise<RunningFacts>;
  made?: Promise<Running>;
  end?: () => Promise<void>;
}

const sites = new WeakMap<BuildSite, Shared>();

/** Tells by whom the front is asked for what running needs. */
export function provideRunning(site: BuildSite, ask: () => Promise<RunningFacts>): void {
  sites.set(site, { ask });
}

/** Made at the first call. Throws what keeps every RUN from running. */
export function openRunning(site: BuildSite): Promise<Running> {
  const shared = sites.get(site);
  if (!shared) throw new Error('RUN outside of a build');
  shared.made ??= makeRunning(site, shared);
  return shared.made;
}

async function makeRunning({ ctx }: BuildSite, shared: Shared): Promise<Running> {
  const facts = await shared.ask();
  sweepDeadBuilds(ctx);
  const { id, lock } = newBuildId(ctx);
  const folder = containerRunDir(ctx, id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const orphans = awaitChildren();
  shared.end = async () => {
    await orphans.endAll();
    detachBelow(folder);
    rmSync(folder, { recursive: true, force: true });
    rmSync(containerLockPath(ctx, id), { force: true });
    lock.release();
  };
  return { ...facts, orphans, isolate: isolateMany(folder) };
}

/** Ends what is left of the steps. */
export async function endRunning(site: BuildSite): Promise<void> {
  await sites.get(site)?.end?.();
}
