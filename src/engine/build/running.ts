// What all RUN steps of one build share, made when the first of them has to run: mounts of the worker's own, what the front knows, who hears of
// their ends. A build whose steps are all in the cache, or that only copies, makes none of it.
import type { Surroundings } from '../../runtime/supervisor/isolate.ts';
import type { Orphans } from '../../runtime/supervisor/orphans.ts';
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
  shared.made ??= make(site, shared);
  return shared.made;
}

async function make(site: BuildSite, shared: Shared): Promise<Running> {
  const [facts, { surround }] = await Promise.all([shared.ask(), import('./run/surround.ts')]);
  const { end, ...around } = surround(site);
  shared.end = end;
  return { ...facts, ...around };
}

/** Ends what is left of the steps. */
export async function endRunning(site: BuildSite): Promise<void> {
  await sites.get(site)?.end?.();
}
