// What all RUN steps of one build share, made when the first of them has to run: mounts of the worker's own, what the front knows, the cgroup
// that theirs go below. A build whose steps are all in the cache, or that only copies, makes none of it.
import type { RunningFacts } from '../work-messages.ts';
import type { BuildSite } from './model.ts';

const asking = new WeakMap<BuildSite, () => Promise<RunningFacts>>();

/** Tells by whom the front is asked for what running needs. */
export function provideRunning(site: BuildSite, ask: () => Promise<RunningFacts>): void {
  asking.set(site, ask);
}

/** Ends what is left of the steps. */
export async function endRunning(_site: BuildSite): Promise<void> {}
