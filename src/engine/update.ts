// Changes a container's limits and restart policy, whether it runs or not: first its record, then the files of its cgroup, which are the
// user's own, both under one lock. Its supervisor reads the record anew when it decides on a restart and once a run has begun. If we die in
// between, the record says what the next start takes; if the kernel refuses a value, the record is put back.
import type { CgroupPlace } from '../runtime/cgroup.ts';
import { askSupervisor } from '../runtime/control-client.ts';
import { changeLimits, placeOf } from '../runtime/live-limits.ts';
import { unenforced } from '../runtime/spec/resources.ts';
import { findContainer, readContainer, rewriteRecord } from '../storage/container.ts';
import { recordContainerEvent } from '../storage/events.ts';
import { lockPath } from '../storage/layout.ts';
import type { ContainerRecord, HostConfig } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf, messageOf } from '../sys/errors.ts';
import { withLock } from '../sys/lock.ts';
import { checkedRestartPolicy } from './create/host-config.ts';
import { checkLimits } from './create/limits.ts';

const ANSWER_MS = 2000;

/** Throws ERR_NO_SUCH_CONTAINER, ERR_BAD_OPTION for a value that cannot be, ERR_CANNOT_UPDATE for one that this container cannot take. */
export async function updateContainer(ctx: Ctx, wanted: string, change: Partial<HostConfig>): Promise<void> {
  checkLimits(change, { isUpdate: true });
  if (change.RestartPolicy) checkedRestartPolicy(change.RestartPolicy);
  const { Id } = findContainer(ctx, wanted).record;
  // Renaming rewrites the record too; and of two updates the later one has the last word in both places.
  const { record, place } = withLock(lockPath(ctx, 'rename'), () => rewrite(ctx, { id: Id, wanted, change }));
  if (place) {
    await warnOfUnenforced(ctx, change, place);
    await tellSupervisor(ctx, Id);
  }
  recordContainerEvent(ctx, record, 'update');
}

interface Rewritten {
  record: ContainerRecord;
  /** Of one that runs. */
  place?: CgroupPlace;
}

function rewrite(ctx: Ctx, { id, wanted, change }: { id: string; wanted: string; change: Partial<HostConfig> }): Rewritten {
  const { record: before } = findContainer(ctx, id);
  const record = { ...before, HostConfig: merge(before, change) };
  if (!tryRewrite(ctx, record)) {
    throw new EngineError('ERR_NO_SUCH_CONTAINER', `No such container: ${wanted}`, { hint: 'List what there is: skiff ps -a' });
  }
  // Read after the record is written: a supervisor that writes later that the container runs reads the record after that (run-limits.ts).
  const { Status, CgroupPath } = readContainer(ctx, id)?.state ?? {};
  if (CgroupPath === undefined || (Status !== 'running' && Status !== 'paused')) return { record };
  const place = placeOf(CgroupPath);
  try {
    changeLimits(place, { before: before.HostConfig, after: record.HostConfig });
  } catch (error) {
    // It has just ended.
    if (isGone(error)) return { record };
    tryRewrite(ctx, before);
    throw cannotUpdate(before, messageOf(error), 'Choose a value that fits what the container uses now, and this machine');
  }
  return { record, place };
}

/** False when the container has been removed. */
function tryRewrite(ctx: Ctx, record: ContainerRecord): boolean {
  try {
    rewriteRecord(ctx, record);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Of a cgroup that went with its last process. */
function isGone(error: unknown): boolean {
  const code = error instanceof Error ? errnoOf(error.cause) : undefined;
  return code === 'ENOENT' || code === 'ENODEV';
}

async function warnOfUnenforced(ctx: Ctx, change: Partial<HostConfig>, place: CgroupPlace): Promise<void> {
  const missing = unenforced(change, place);
  if (missing.length === 0) return;
  const { limitAdvice } = await import('../runtime/cgroup-advice.ts');
  for (const line of limitAdvice(missing, place)) ctx.warn(line);
}

/** It watches for OOM kills where memory is limited. One that does not answer learns of it at the next end or start. */
async function tellSupervisor(ctx: Ctx, id: string): Promise<void> {
  const told = askSupervisor(ctx, id, { type: 'updated' }).catch(() => undefined);
  await Promise.race([told, Bun.sleep(ANSWER_MS)]);
}

/** The configuration with `change` in it, in Docker's order of refusals. */
function merge(record: ContainerRecord, change: Partial<HostConfig>): HostConfig {
  const { HostConfig: old } = record;
  const refuse = (message: string, hint: string): EngineError => cannotUpdate(record, message, hint);
  for (const [one, other, text] of CONFLICTS) {
    if ((change[one] ?? 0) > 0 && (old[other] ?? 0) > 0)
      throw refuse(
        `Conflicting options: ${text} has already been set`,
        `Change ${FLAGS[other]} instead, which this container is limited by`,
      );
  }
  if ((change.Memory ?? 0) > old.MemorySwap && !change.MemorySwap && old.MemorySwap !== -1) {
    throw refuse(
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
      'Give --memory-swap too; -1 is unlimited swap',
    );
  }
  if (old.AutoRemove && change.RestartPolicy && change.RestartPolicy.Name !== 'no') {
    throw refuse('Restart policy cannot be updated because AutoRemove is enabled for the container', 'It was made with --rm');
  }
  const merged: HostConfig = { ...old, ...change };
  if (merged.PidsLimit !== null && merged.PidsLimit <= 0) merged.PidsLimit = null;
  // Swap is counted with the memory: without a limit of that there is none of both.
  if (change.Memory === 0) merged.MemorySwap = 0;
  checkLimits(merged, { isUpdate: true });
  return merged;
}

type Amount = 'NanoCpus' | 'CpuPeriod' | 'CpuQuota';

const FLAGS: Readonly<Record<Amount, string>> = { NanoCpus: '--cpus', CpuPeriod: '--cpu-period', CpuQuota: '--cpu-quota' };

const CONFLICTS: readonly [one: Amount, other: Amount, text: string][] = [
  ['NanoCpus', 'CpuPeriod', 'Nano CPUs cannot be updated as CPU Period'],
  ['NanoCpus', 'CpuQuota', 'Nano CPUs cannot be updated as CPU Quota'],
  ['CpuPeriod', 'NanoCpus', 'CPU Period cannot be updated as NanoCPUs'],
  ['CpuQuota', 'NanoCpus', 'CPU Quota cannot be updated as NanoCPUs'],
];

function cannotUpdate({ Id }: ContainerRecord, why: string, hint: string): EngineError {
  return new EngineError('ERR_CANNOT_UPDATE', `Cannot update container ${Id}: ${why}`, { hint });
}
