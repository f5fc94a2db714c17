// The files of a container as its processes see, or would see them: a descriptor of its root, through which every volume and bind mount is
// reached too. A running container is looked into through its first process; of one that is down the worker mounts what a start would mount,
// in its own mount namespace, where all of it is gone with the worker.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerFilesView } from '../../runtime/messages-copy.ts';
import { readContainer, ZERO_TIME } from '../../storage/container.ts';
import { containerDir } from '../../storage/layout.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import { closeFd } from '../../sys/at.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { openPlace } from '../../sys/look-at.ts';
import { MS, mount } from '../../sys/mount.ts';

export interface ContainerRoot {
  /** Descriptor of the container's root folder. */
  fd: number;
  record: ContainerRecord;
  close(): void;
}

/** Throws ERR_STATE_CHANGED when the container is not as the front saw it any more, and what a mount fails with. */
export async function openContainerRoot(
  ctx: Ctx,
  { container, view, signal }: { container: string; view: ContainerFilesView; signal: AbortSignal },
): Promise<ContainerRoot> {
  const found = readContainer(ctx, container);
  if (!found) throw new EngineError('ERR_STATE_CHANGED', `No such container: ${container}`);
  const { record } = found;
  if (view === 'live') return openLive(ctx, record);
  const root = await mountRoot(ctx, record, { view, signal });
  const fd = openPlace(root);
  return { fd, record, close: () => closeFd(fd) };
}

function openLive(ctx: Ctx, record: ContainerRecord): ContainerRoot {
  const opened: number[] = [];
  const open = (path: string): number => {
    const fd = openPlace(path);
    opened.push(fd);
    return fd;
  };
  const close = (): void => {
    for (const fd of opened) closeFd(fd);
  };
  try {
    const pid = runningPid(ctx, record.Id);
    const process = open(`/proc/${pid}`);
    // Holds the mounts together should the container end while we read: else what is below them would come to light.
    open(`/proc/self/fd/${process}/ns/mnt`);
    const fd = open(`/proc/self/fd/${process}/root`);
    // The descriptor is of this process for ever; that it was the container's is certain if the container still has it.
    if (runningPid(ctx, record.Id) !== pid) throw changed(record);
    return { fd, record, close };
  } catch (error) {
    close();
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') throw changed(record);
    throw error;
  }
}

function runningPid(ctx: Ctx, id: string): number {
  const found = readContainer(ctx, id);
  if (!found || (found.state.Status !== 'running' && found.state.Status !== 'paused') || found.state.Pid < 2) {
    throw new EngineError('ERR_STATE_CHANGED', `The container ${id} does not run any more`);
  }
  return found.state.Pid;
}

const changed = ({ Name }: ContainerRecord): EngineError =>
  new EngineError('ERR_STATE_CHANGED', `Container "${Name}" was started or stopped meanwhile`);

async function mountRoot(
  ctx: Ctx,
  record: ContainerRecord,
  { view, signal }: { view: 'mount' | 'mounted'; signal: AbortSignal },
): Promise<string> {
  const [{ mountAll }, { prepareRootfs }, { makeMountSources }] = await Promise.all([
    import('./cp-mounts.ts'),
    import('../../runtime/supervisor/prepare.ts'),
    import('../../runtime/supervisor/mount-sources.ts'),
  ]);
  const isFirstStart = readContainer(ctx, record.Id)?.state.StartedAt === ZERO_TIME;
  const site = { scratch: makeScratch(ctx), onSpawn: () => undefined, signal, isFirstStart };
  if (view === 'mount') return mountAll(ctx, record, { ...site, rootfs: await prepareRootfs(ctx, record, site) });
  // Its supervisor has mounted the rootfs in the namespace that ours is a copy of; its other sources are out of our sight.
  await makeMountSources(ctx, record, site);
  const container = containerDir(ctx, record.Id);
  return mountAll(ctx, record, { ...site, rootfs: join(container, record.Driver === 'copy' ? 'rootfs' : 'merged') });
}

// A tmpfs over a folder that is there anyway, seen by us alone: nothing of it is ever left.
function makeScratch(ctx: Ctx): string {
  const over = join(ctx.paths.run, 'c');
  mkdirSync(over, { recursive: true, mode: 0o700 });
  mount('tmpfs', over, { type: 'tmpfs', flags: MS.NOSUID | MS.NODEV, data: 'mode=0700,size=16m' });
  const scratch = join(over, 'scratch');
  mkdirSync(scratch, { mode: 0o700 });
  return scratch;
}
