// Runs a job of `cp` on a container in whatever state it is. What runs is looked into as it is; what is down is mounted by the worker in a
// mount namespace of its own, and its lock is held meanwhile, so that nobody starts or removes it. The worker has the lock too: it is free only
// when nobody touches the files any more, however we end.
import { rmSync } from 'node:fs';
import { endRemains } from '../../runtime/family.ts';
import type { ContainerFilesView, CopyInJob, CopyOutJob } from '../../runtime/messages-copy.ts';
import { ensureUserNamespace, enterArgv } from '../../runtime/userns.ts';
import { type ContainerView, findContainer, lastState, readContainer, writeState } from '../../storage/container.ts';
import { containerLockPath } from '../../storage/layout.ts';
import type { ContainerRecord, ContainerStatus } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { type Lock, tryLock } from '../../sys/lock.ts';
import { enterProcessArgv } from '../../sys/process.ts';
import { runJob } from '../worker-client.ts';

export interface FilesAccess {
  record: ContainerRecord;
  view: ContainerFilesView;
  /** Runs the job; `stream` becomes its descriptor 3 and `onStart` is called when it has it. */
  run(job: CopyInJob | CopyOutJob, options: { stream: number; onStart?: () => void; signal?: AbortSignal | undefined }): Promise<null>;
}

const RUNS: readonly ContainerStatus[] = ['running', 'paused'];
const OUTCOME_MS = 60_000;
const REMOVAL_MS = 2000;
const PRIVATE_MOUNTS = ['unshare', '--mount', '--propagation', 'slave'];

/**
 * Calls `use` with access to the container's files; again, when the container was started or stopped before anything was copied.
 * Throws ERR_NO_SUCH_CONTAINER, ERR_BUSY, and what `use` throws.
 */
export async function withContainerFiles<T>(ctx: Ctx, wanted: string, use: (access: FilesAccess) => Promise<T>): Promise<T> {
  const deadline = performance.now() + OUTCOME_MS;
  for (;;) {
    const view = findContainer(ctx, wanted);
    const lock = needsLock(view) ? await lockDown(ctx, view) : undefined;
    let failure: unknown;
    try {
      if (lock || !needsLock(view)) return await use(await accessTo(ctx, view, lock));
    } catch (error) {
      failure = error;
    } finally {
      lock?.release();
    }
    if (failure !== undefined && !isCode(failure, 'ERR_STATE_CHANGED')) {
      throw lock && isCode(failure, 'ERR_WORKER_DIED') && (await isBeingRemoved(ctx, view)) ? removed(view) : failure;
    }
    if (performance.now() > deadline) throw busy(view.record.Name);
    await Bun.sleep(5);
  }
}

const isCode = (error: unknown, code: string): boolean => error instanceof EngineError && error.code === code;

/** Whether the container goes now that its lock is free, as after `rm -f`, which kills whoever copies. */
async function isBeingRemoved(ctx: Ctx, { record }: ContainerView): Promise<boolean> {
  const deadline = performance.now() + REMOVAL_MS;
  while (readContainer(ctx, record.Id)) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(10);
  }
  return true;
}

const removed = ({ record }: ContainerView): EngineError =>
  new EngineError('ERR_NO_SUCH_CONTAINER', `Container "${record.Name}" was removed while its files were copied`);

const needsLock = ({ state }: ContainerView): boolean => !RUNS.includes(state.Status) && state.Status !== 'restarting';

/** The lock of a container that is down; undefined when somebody else has it, or it was started since we looked. */
async function lockDown(ctx: Ctx, { record: { Id, Name }, state }: ContainerView): Promise<Lock | undefined> {
  const lock = tryLock(containerLockPath(ctx, Id));
  if (!lock) return undefined;
  try {
    if (!readContainer(ctx, Id)) {
      // The lock file may be our own making: of a container that is gone nothing is left.
      rmSync(containerLockPath(ctx, Id), { force: true });
      throw new EngineError('ERR_NO_SUCH_CONTAINER', `No such container: ${Name}`, { hint: 'List what there is: skiff ps -a' });
    }
    const last = lastState(ctx, Id);
    if (!last || last.Status === state.Status) return lock;
    // Its supervisor was killed. With the lock taken the state would read as if it ran: the end is written down first.
    await endRemains(Id, last);
    writeState(ctx, Id, state);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function accessTo(ctx: Ctx, { record, state }: ContainerView, lock: Lock | undefined): Promise<FilesAccess> {
  const namespace = enterArgv(await ensureUserNamespace(ctx));
  // What the worker starts (fuse-overlayfs) must not outlive it, which a pid namespace sees to.
  const dies = record.Driver === 'fuse-overlayfs' ? ['--pid', '--fork', '--kill-child=SIGKILL'] : [];
  const intoSupervisor = enterProcessArgv(state.SupervisorPid);
  const ways: Record<ContainerFilesView, string[]> = {
    live: namespace,
    mount: [...namespace, ...PRIVATE_MOUNTS, ...dies, '--'],
    mounted: [...intoSupervisor, ...(state.InitStarted === undefined ? ['--pid'] : []), '--', ...PRIVATE_MOUNTS, '--'],
  };
  const view: ContainerFilesView = lock ? 'mount' : state.Status === 'restarting' ? 'mounted' : 'live';
  return {
    record,
    view,
    run: (job, { stream, ...options }) =>
      runJob(ctx, job, { ...options, enter: ways[view], descriptors: lock ? [stream, lock.fd] : [stream] }),
  };
}

const busy = (name: string): EngineError =>
  new EngineError('ERR_BUSY', `Cannot copy: another command has been starting or removing container "${name}" for a minute`, {
    hint: 'Wait for that command, and try again',
  });
