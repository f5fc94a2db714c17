// The namespaces of others that a container joins: the host's, and those of another container's first process, by files of the host's
// /proc, kept open. Looked up anew at each start, since the other one may have been started again meanwhile.
// Trap: to join a namespace that we are in already is refused by the kernel when it is the host's; then it is called ours.
import { closeSync, existsSync, mkdirSync, openSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type ContainerView, readContainer } from '../../storage/container.ts';
import type { HostConfig } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { attachMount, CLONE, cloneMount, enterNamespace, setns, unshare } from '../../sys/mount.ts';
import { keptIds } from '../keep-id.ts';
import type { IpcMounts } from '../spec/mounts.ts';
import { joinedContainer, joinedContainers, type Shared, type Sharing } from '../spec/namespaces.ts';
import type { Surroundings } from './isolate.ts';

export interface JoinSite extends Pick<Surroundings, 'hostProc' | 'scratch' | 'family'> {
  /** The container's own user namespace within ours, if it was given one. */
  userns?: string;
}

export interface Joined {
  sharing: Sharing;
  ipcMounts: IpcMounts;
}

/** What the container's modes ask for. Throws ERR_JOIN, ERR_NO_SUCH_CONTAINER (125) when the other one cannot be joined. */
export function joinNamespaces(ctx: Ctx, hostConfig: HostConfig, site: JoinSite): Joined {
  const { IpcMode, PidMode, UTSMode, CgroupnsMode } = hostConfig;
  closeKept();
  const sharing: Sharing = {};
  let ipcMounts: IpcMounts = IpcMode === 'none' ? { shm: false } : {};
  if (site.family) {
    sharing[site.family.kind] = { path: site.family.path };
    sharing.pid = 'ours';
  }
  if (UTSMode === 'host') sharing.uts = 'ours';
  if (CgroupnsMode === 'host') sharing.cgroup = 'ours';
  if (IpcMode === 'host') sharing.ipc = 'ours';
  const pidOwner = joinedContainer(PidMode);
  if (pidOwner !== undefined) sharing.pid = keep(ctx, running(ctx, pidOwner, 'PID namespace'), 'pid', site.hostProc);
  const ipcOwner = joinedContainer(IpcMode);
  if (ipcOwner !== undefined) {
    const owner = running(ctx, ipcOwner, 'IPC');
    requireShareable(owner);
    sharing.ipc = keep(ctx, owner, 'ipc', site.hostProc);
    if (sharing.ipc !== 'ours') ipcMounts = { shm: borrowShm(owner, site) };
  }
  if (site.userns) sharing.user = { path: site.userns };
  const [userOwner] = keptIds(hostConfig.UsernsMode) ? joinedContainers(hostConfig) : [];
  if (userOwner !== undefined) {
    const joined = keep(ctx, running(ctx, userOwner, 'user namespace'), 'user', site.hostProc);
    if (joined !== 'ours') sharing.user = joined;
  }
  // The kernel lets nobody mount the host's message queues anew.
  if (sharing.ipc === 'ours') ipcMounts = { shm: ifThere('/dev/shm'), mqueue: ifThere('/dev/mqueue') };
  return { sharing, ipcMounts };
}

/** The network namespace of container `id`; `ours` when that is the host's. Throws as `joinNamespaces`, in Docker's words. */
export function joinNetwork(ctx: Ctx, id: string, site: Pick<JoinSite, 'hostProc'>): Shared {
  const owner = readContainer(ctx, id);
  if (!owner) throw gone(id);
  const { record, state } = owner;
  if (state.Status === 'restarting') throw restarting(record.Id);
  if (state.Status !== 'running' && state.Status !== 'paused') {
    throw refuse(`Cannot join network of a non running container: ${record.Id}`, `skiff start ${record.Name}`);
  }
  return keep(ctx, owner, 'net', site.hostProc);
}

const ifThere = (path: string): string | false => existsSync(path) && path;

function running(ctx: Ctx, id: string, what: string): ContainerView {
  const owner = readContainer(ctx, id);
  if (!owner) throw gone(id);
  const { record, state } = owner;
  const failed = `Can't join ${what} of container ${record.Id}`;
  if (state.Status === 'restarting') throw restarting(record.Id);
  if (state.Status === 'running' || state.Status === 'paused') return owner;
  throw refuse(`${failed}: container ${record.Id} is not running`, `skiff start ${record.Name}`);
}

function requireShareable({ record: { Id, HostConfig } }: ContainerView): void {
  const mode = HostConfig.IpcMode ?? '';
  if (mode === 'shareable' || mode === 'host' || joinedContainer(mode) !== undefined) return;
  throw refuse(`Can't join IPC of container ${Id}: non-shareable IPC`, 'Make that container with --ipc shareable');
}

/** Descriptors of namespaces that this process keeps for its container, by kind. */
const kept = new Map<string, number>();

function keep(ctx: Ctx, { record, state }: ContainerView, kind: 'pid' | 'ipc' | 'net' | 'user', hostProc: string): Shared {
  const ended = (cause?: unknown): EngineError =>
    refuse(`Cannot join container ${record.Id}: it has just ended`, `skiff start ${record.Name}`, cause);
  let fd: number;
  try {
    fd = openSync(`${hostProc}/${state.Pid}/ns/${kind}`, 'r');
  } catch (cause) {
    throw ended(cause);
  }
  // The number may have become another process's before we looked.
  if (readContainer(ctx, record.Id)?.state.Pid !== state.Pid) throw ended();
  const before = kept.get(kind);
  if (before !== undefined) closeSync(before);
  kept.set(kind, fd);
  const isOurs = readlinkSync(`/proc/self/fd/${fd}`) === readlinkSync(`/proc/self/ns/${kind}`);
  return isOurs ? 'ours' : { path: `/proc/${process.pid}/fd/${fd}` };
}

function closeKept(): void {
  for (const kind of ['pid', 'ipc', 'user']) {
    const fd = kept.get(kind);
    if (fd !== undefined) closeSync(fd);
    kept.delete(kind);
  }
}

// A mount of another mount namespace can only be copied from within that one; the copy then goes with us.
function borrowShm({ record, state }: ContainerView, { hostProc, scratch }: JoinSite): string {
  const target = join(scratch, 'shm');
  mkdirSync(target, { recursive: true });
  const home = openSync('/proc/self/ns/mnt', 'r');
  try {
    // This thread alone leaves: its folders must be its own.
    unshare(CLONE.FS);
    setns(`${hostProc}/${state.Pid}/ns/mnt`, CLONE.NEWNS);
    let copy: number;
    try {
      copy = cloneMount('/dev/shm');
    } finally {
      enterNamespace(home, CLONE.NEWNS);
    }
    attachMount(copy, target);
    closeSync(copy);
    return target;
  } catch (cause) {
    throw refuse(
      `Can't join IPC of container ${record.Id}: cannot share its /dev/shm: ${messageOf(cause)}`,
      'Sharing it needs Linux 5.2',
      cause,
    );
  } finally {
    closeSync(home);
  }
}

const gone = (id: string): EngineError =>
  new EngineError('ERR_NO_SUCH_CONTAINER', `No such container: ${id}`, {
    hint: 'The container that this one was to join has been removed: create this one anew',
    exitCode: 125,
  });

const restarting = (id: string): EngineError =>
  refuse(`Container ${id} is restarting, wait until the container is running`, 'Try again in a moment');

const refuse = (message: string, hint: string, cause?: unknown): EngineError =>
  new EngineError('ERR_JOIN', message, { hint, exitCode: 125, ...(cause === undefined ? {} : { cause }) });
