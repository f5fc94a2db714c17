// Takes away the cgroup that a killed supervisor left, by who holds the container's lock. That lock is free before the kernel has ended
// what the supervisor started, and a runtime on its way out may still make the cgroup anew: so its end is waited for first. What a
// supervisor killed in its first moments made is in no record, and is looked for where it would be.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathWithoutScope } from '../runtime/cgroup.ts';
import { endCgroup } from '../runtime/cgroup-end.ts';
import { cgroup2Mount } from '../runtime/cgroup-tree.ts';
import { isSupervised } from '../runtime/find-supervisor.ts';
import type { ContainerRecord, ContainerState } from '../storage/records.ts';

const GONE_MS = 5000;

/** Resolves when the container, whose last written state is `last`, has no cgroup any more, as far as that can be had. */
export async function clearCgroup(record: ContainerRecord, last: ContainerState | undefined): Promise<void> {
  const root = cgroup2Mount();
  if (!root) return;
  const paths = new Set([last?.CgroupPath, pathWithoutScope(record)]);
  for (const path of paths) {
    if (!path || !existsSync(dirname(join(root, path)))) continue;
    const deadline = performance.now() + GONE_MS;
    while (isSupervised(record.Id) && performance.now() < deadline) await Bun.sleep(5);
    await endCgroup(path);
  }
}
