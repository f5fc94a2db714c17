// Removing containers. The container's lock is held meanwhile, so that nobody starts what is going away.
import { rmSync } from 'node:fs';
import { removeCgroup } from '../runtime/cgroup.ts';
import { endRemains } from '../runtime/family.ts';
import { userNamespaceArgv } from '../runtime/userns.ts';
import { type ContainerView, findContainer, lastState } from '../storage/container.ts';
import { removeContainer as removeFiles } from '../storage/container-removal.ts';
import { containerLockPath, containerRunDir } from '../storage/layout.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { tryLock } from '../sys/lock.ts';
import { forceDown, isStillRunning } from './stop.ts';

export interface RemoveOptions {
  /** Kill it first when it runs. */
  force?: boolean;
  /** Its anonymous volumes too. */
  volumes?: boolean;
}

/** Removes the container. Throws ERR_NO_SUCH_CONTAINER, and ERR_RUNNING without `force`, in Docker's words. */
export async function removeContainer(ctx: Ctx, wanted: string, options: RemoveOptions = {}): Promise<ContainerView> {
  const view = findContainer(ctx, wanted);
  const { Id, Name } = view.record;
  if (await isStillRunning(ctx, Id)) {
    if (!options.force) throw running(view);
    await forceDown(ctx, view);
  }
  const lock = tryLock(containerLockPath(ctx, Id));
  if (!lock)
    throw new EngineError('ERR_RUNNING', `Cannot remove container "${Name}": it was started again meanwhile`, {
      hint: `skiff rm -f ${Name}`,
    });
  try {
    // `--rm` removes as it ends: then there is nothing left to do.
    if (stillThere(ctx, Id)) await removeDown(ctx, view, options);
    rmSync(containerLockPath(ctx, Id), { force: true });
  } finally {
    lock.release();
  }
  return view;
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

async function removeDown(ctx: Ctx, { record, state }: ContainerView, { volumes = false }: RemoveOptions): Promise<void> {
  await endRemains(record.Id, lastState(ctx, record.Id));
  if (state.CgroupPath) removeCgroup({ path: state.CgroupPath });
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
  return new EngineError(
    'ERR_RUNNING',
    `cannot remove container "/${record.Name}": container is ${state.Status === 'created' ? 'running' : state.Status}: stop the container before removing or force remove`,
    {
      hint: `skiff rm -f ${record.Name}`,
    },
  );
}
