// Removing containers. The container's lock is held meanwhile, so that nobody starts what is going away.
import { rmSync } from 'node:fs';
import { endRemains } from '../runtime/family.ts';
import { userNamespaceArgv } from '../runtime/userns.ts';
import { type ContainerView, findContainer, lastState, readContainer } from '../storage/container.ts';
import { removeContainer as removeFiles } from '../storage/container-removal.ts';
import { containerLockPath, containerRunDir } from '../storage/layout.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { type Lock, tryLock } from '../sys/lock.ts';
import { clearCgroup } from './clear-cgroup.ts';
import { forceDown } from './stop.ts';

export interface RemoveOptions {
  /** Kill it first when it runs. */
  force?: boolean;
  /** Its anonymous volumes too. */
  volumes?: boolean;
}

/** How long another command may take with the container before we say so. */
const OUTCOME_MS = 60_000;

/** Removes the container. Throws ERR_NO_SUCH_CONTAINER, and ERR_RUNNING without `force`, in Docker's words. */
export async function removeContainer(ctx: Ctx, wanted: string, options: RemoveOptions = {}): Promise<ContainerView> {
  const view = findContainer(ctx, wanted);
  const { Id } = view.record;
  const lock = await takeLock(ctx, view, options.force ?? false);
  try {
    // `--rm` removes as it ends: then there is nothing left to do.
    if (stillThere(ctx, Id)) await removeDown(ctx, view, options);
    rmSync(containerLockPath(ctx, Id), { force: true });
  } finally {
    lock.release();
  }
  return view;
}

/** Removes the container if it is down and nobody else has it in hand, its volumes not. Returns whether it did. */
export async function removeIdleContainer(ctx: Ctx, id: string): Promise<boolean> {
  const lock = tryLock(containerLockPath(ctx, id));
  if (!lock) return false;
  try {
    // Read under the lock: what runs holds it, so this one is down, and stays so.
    const view = readContainer(ctx, id);
    if (view) await removeDown(ctx, view, {});
    rmSync(containerLockPath(ctx, id), { force: true });
    return view !== undefined;
  } finally {
    lock.release();
  }
}

/** Who else holds the lock starts the container, removes it or is on its way out: with `force` that is ended, else waited for. */
async function takeLock(ctx: Ctx, view: ContainerView, force: boolean): Promise<Lock> {
  const { Id, Name } = view.record;
  const deadline = performance.now() + OUTCOME_MS;
  for (;;) {
    const lock = tryLock(containerLockPath(ctx, Id));
    if (lock) return lock;
    const now = readContainer(ctx, Id);
    if (now && force) await forceDown(ctx, now);
    else if (now && now.state.Status !== 'created' && now.state.Status !== 'exited') throw running(now);
    if (performance.now() > deadline) throw busy(Name);
    await Bun.sleep(2);
  }
}

/** Deletes folders that hold files of sub-ids, as root of the user namespace. */
export async function deleteInNamespace(ctx: Ctx, folders: string[]): Promise<void> {
  if (folders.length === 0) return;
  const done = Bun.spawnSync([...(await userNamespaceArgv(ctx)), 'rm', '-rf', '--one-file-system', '--', ...folders], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (done.exitCode !== 0) {
    throw new EngineError('ERR_CANNOT_REMOVE', `Cannot delete "${folders[0]}": ${done.stderr.toString().trim().split('\n')[0]}`, {
      hint: 'It is out of use already; "skiff system check --repair" tries again',
    });
  }
}

async function removeDown(ctx: Ctx, { record }: ContainerView, { volumes = false }: RemoveOptions): Promise<void> {
  const last = lastState(ctx, record.Id);
  await endRemains(record.Id, last);
  await clearCgroup(record, last);
  rmSync(containerRunDir(ctx, record.Id), { recursive: true, force: true });
  await deleteInNamespace(ctx, removeFiles(ctx, record, { volumes }));
}

function stillThere(ctx: Ctx, id: string): boolean {
  try {
    findContainer(ctx, id);
    return true;
  } catch {
    return false;
  }
}

function running({ record, state }: ContainerView): EngineError {
  const what = state.Status === 'paused' ? ' and must be unpaused first' : ': stop the container before removing or force remove';
  return new EngineError('ERR_RUNNING', `cannot remove container "/${record.Name}": container is ${state.Status}${what}`, {
    hint: `skiff rm -f ${record.Name}`,
  });
}

const busy = (name: string): EngineError =>
  new EngineError('ERR_BUSY', `Cannot remove container "${name}": another command has been starting or removing it for a minute`, {
    hint: `skiff rm -f ${name}`,
  });
