// Changes a container's limits and restart policy, whether it runs or not: first its record, then the files of its cgroup, which are the
// user's own. Its supervisor reads the record anew when it decides on a restart. If we die in between, the record says what the next start
// takes; if the kernel refuses a value, the record is put back.
import { changeLimits, placeOf } from '../runtime/live-limits.ts';
import { unenforced } from '../runtime/spec/resources.ts';
import { findContainer, rewriteRecord } from '../storage/container.ts';
import { recordContainerEvent } from '../storage/events.ts';
import { lockPath } from '../storage/layout.ts';
import type { ContainerRecord, ContainerState, HostConfig } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf, messageOf } from '../sys/errors.ts';
import { withLock } from '../sys/lock.ts';
import { checkedRestartPolicy } from './create/host-config.ts';
import { checkLimits } from './create/limits.ts';

/** Throws ERR_NO_SUCH_CONTAINER, ERR_BAD_OPTION for a value that cannot be, ERR_CANNOT_UPDATE for one that this container cannot take. */
export async function updateContainer(ctx: Ctx, wanted: string, change: Partial<HostConfig>): Promise<void> {
  checkLimits(change, { isUpdate: true });
  if (change.RestartPolicy) checkedRestartPolicy(change.RestartPolicy);
  const { before, after, state } = rewrite(ctx, wanted, (record) => merge(record, change));
  if (state.Status === 'running' || state.Status === 'paused') {
    try {
      await apply(ctx, state, { before: before.HostConfig, after: after.HostConfig, change });
    } catch (error) {
      const touched = ['MemorySwap', ...Object.keys(change)] as (keyof HostConfig)[];
      const old = Object.fromEntries(touched.map((key) => [key, before.HostConfig[key]]));
      rewrite(ctx, before.Id, ({ HostConfig }) => ({ ...HostConfig, ...old }));
      throw cannotUpdate(before, messageOf(error), 'choose a value that fits what the container uses now, and this machine');
    }
  }
  recordContainerEvent(ctx, after, 'update');
}

interface Rewritten {
  before: ContainerRecord;
  after: ContainerRecord;
  state: ContainerState;
}

// Renaming rewrites the record too: both take its lock, so that neither undoes the other.
function rewrite(ctx: Ctx, wanted: string, changed: (record: ContainerRecord) => HostConfig): Rewritten {
  return withLock(lockPath(ctx, 'rename'), () => {
    const { record, state } = findContainer(ctx, wanted);
    const after = { ...record, HostConfig: changed(record) };
    try {
      rewriteRecord(ctx, after);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      throw new EngineError('ERR_NO_SUCH_CONTAINER', `No such container: ${wanted}`, { hint: 'List what there is: skiff ps -a' });
    }
    return { before: record, after, state };
  });
}

async function apply(
  ctx: Ctx,
  { CgroupPath }: ContainerState,
  { before, after, change }: { before: HostConfig; after: HostConfig; change: Partial<HostConfig> },
): Promise<void> {
  const place = placeOf(CgroupPath);
  changeLimits(place, { before, after });
  const missing = unenforced(change, place);
  if (missing.length === 0) return;
  const { limitAdvice } = await import('../runtime/cgroup-advice.ts');
  for (const line of limitAdvice(missing, place)) ctx.warn(line);
}

/** The configuration with `change` in it, in Docker's order of refusals. */
function merge(record: ContainerRecord, change: Partial<HostConfig>): HostConfig {
  const { HostConfig: old } = record;
  const refuse = (message: string, hint: string): EngineError => cannotUpdate(record, message, hint);
  for (const [one, other, text] of CONFLICTS) {
    if ((change[one] ?? 0) > 0 && (old[other] ?? 0) > 0)
      throw refuse(`Conflicting options: ${text} has already been set`, `the container has a limit of ${old[other]} there`);
  }
  if ((change.Memory ?? 0) > old.MemorySwap && !change.MemorySwap && old.MemorySwap !== -1) {
    throw refuse(
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
      'give --memory-swap too; -1 is unlimited swap',
    );
  }
  if (old.AutoRemove && change.RestartPolicy && change.RestartPolicy.Name !== 'no') {
    throw refuse('Restart policy cannot be updated because AutoRemove is enabled for the container', 'it was made with --rm');
  }
  const merged: HostConfig = { ...old, ...change };
  if (merged.PidsLimit !== null && merged.PidsLimit <= 0) merged.PidsLimit = null;
  // Swap is counted with the memory: without a limit of that there is none of both.
  if (change.Memory === 0) merged.MemorySwap = 0;
  checkLimits(merged, { isUpdate: true });
  return merged;
}

type Amount = 'NanoCpus' | 'CpuPeriod' | 'CpuQuota';

const CONFLICTS: readonly [one: Amount, other: Amount, text: string][] = [
  ['NanoCpus', 'CpuPeriod', 'Nano CPUs cannot be updated as CPU Period'],
  ['NanoCpus', 'CpuQuota', 'Nano CPUs cannot be updated as CPU Quota'],
  ['CpuPeriod', 'NanoCpus', 'CPU Period cannot be updated as NanoCPUs'],
  ['CpuQuota', 'NanoCpus', 'CPU Quota cannot be updated as NanoCPUs'],
];

function cannotUpdate({ Id }: ContainerRecord, why: string, hint: string): EngineError {
  return new EngineError('ERR_CANNOT_UPDATE', `Cannot update container ${Id}: ${why}`, { hint });
}
