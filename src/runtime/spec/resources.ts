// Memory, CPU and pids limits for the runtime, as far as the cgroup has the controller; `unenforcedLimits` names the others, so that each
// limit asked for either holds or is said not to.
import type { HostConfig } from '../../storage/records.ts';
import type { OciResources } from './types.ts';

export interface ResourceFacts {
  /** Controllers delegated to the container's cgroup: `memory`, `cpu`, `pids`. */
  controllers: readonly string[];
}

/** The kernel's usual period, microseconds. */
const CPU_PERIOD = 100_000;

/** The limits that the controllers can hold. */
export function resources(config: HostConfig, { controllers }: ResourceFacts): OciResources {
  const has = (name: string): boolean => controllers.includes(name);
  const limits: OciResources = {};
  if (config.Memory > 0 && has('memory')) {
    limits.memory = { limit: config.Memory, ...(config.MemorySwap === 0 ? {} : { swap: config.MemorySwap }) };
  }
  if (config.NanoCpus > 0 && has('cpu')) limits.cpu = { quota: Math.round((config.NanoCpus * CPU_PERIOD) / 1e9), period: CPU_PERIOD };
  if (config.PidsLimit !== null && config.PidsLimit > 0 && has('pids')) limits.pids = { limit: config.PidsLimit };
  return limits;
}

/** Flags of asked-for limits that the controllers cannot hold: `--memory`, `--cpus`, `--pids-limit`. */
export function unenforcedLimits(config: HostConfig, { controllers }: ResourceFacts): string[] {
  const asked: [flag: string, controller: string, isAsked: boolean][] = [
    ['--memory', 'memory', config.Memory > 0],
    ['--cpus', 'cpu', config.NanoCpus > 0],
    ['--pids-limit', 'pids', (config.PidsLimit ?? 0) > 0],
  ];
  return asked.filter(([, controller, isAsked]) => isAsked && !controllers.includes(controller)).map(([flag]) => flag);
}
