// The limits of a container's runs, and what comes of them. The runtime sets them as the record says when a run begins; `update` rewrites the
// record and then the cgroup of a container that it finds running. What it wrote while a run was about to begin is caught up here.
// Trap: the cgroup outlives a restart, and the runtime does not take back a limit that is not in its configuration any more.
import type { HostConfig } from '../../storage/records.ts';
import { messageOf } from '../../sys/errors.ts';
import { type OomWatch, watchOom } from './oom.ts';

export interface RunLimits {
  /** A run has begun with the limits of `config`. */
  begin(config: HostConfig): void;
  /** The record says `config` by now. */
  follow(config: HostConfig): Promise<void>;
  /** The run is over. */
  end(): void;
}

export interface RunLimitsSite {
  /** Of the container's cgroup; undefined where it has none. */
  path: string | undefined;
  onOomKill(): void;
  /** Writes the difference of two configurations to the cgroup. */
  change(limits: { before: HostConfig; after: HostConfig }): Promise<void>;
  warn(message: string): void;
}

export function keepRunLimits({ path, onOomKill, change, warn }: RunLimitsSite): RunLimits {
  /** What the cgroup is known to have been given. */
  let given: HostConfig | undefined;
  let oom: OomWatch | undefined;
  let isWatching = false;

  return { begin, follow, end };

  function begin(config: HostConfig): void {
    given ??= config;
    watch(config);
  }

  async function follow(config: HostConfig): Promise<void> {
    const before = given;
    if (!before || JSON.stringify(before) === JSON.stringify(config)) return;
    given = config;
    if (oom && config.Memory > 0 !== isWatching) {
      oom.end();
      watch(config);
    }
    await change({ before, after: config }).catch((error: unknown) => warn(`The limits could not be changed: ${messageOf(error)}`));
  }

  function end(): void {
    oom?.end();
    oom = undefined;
  }

  function watch({ Memory }: HostConfig): void {
    isWatching = Memory > 0;
    oom = watchOom({ ...(path === undefined ? {} : { path }) }, { isLimited: isWatching, onKill: onOomKill });
  }
}
