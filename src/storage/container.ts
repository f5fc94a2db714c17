// The containers on disk. `config.json` is written once before the folder appears under containers/; `state.json` only by the
// holder of the container's lock. Readers take no lock: whether a container runs is asked of its lock, so a killed supervisor
// shows as exited at once. Records are checked by hand, not by zod: 2.7 ms of every `ps`, `exec` and supervisor start.
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, syncFolder, writeJsonAtomic } from '../sys/atomic.ts';
import { bootId } from '../sys/boot.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf, isDiskFull } from '../sys/errors.ts';
import { isLocked } from '../sys/lock.ts';
import { ownerOfName, releaseName } from './container-name.ts';
import {
  containerConfigPath,
  containerDir,
  containerLockPath,
  containerLogPath,
  containerStatePath,
  containersDir,
  tmpDir,
} from './layout.ts';
import { NAME_PATTERN } from './name-pattern.ts';
import type { ContainerRecord, ContainerState } from './records.ts';

export interface ContainerView {
  record: ContainerRecord;
  /** With `Status` derived: what the lock says wins over what was written. */
  state: ContainerState;
}

/** Docker's "never". */
export const ZERO_TIME = '0001-01-01T00:00:00Z';

/** The state of a container that never ran. */
export function initialState(ctx: Pick<Ctx, 'env'>): ContainerState {
  return {
    version: 1,
    Status: 'created',
    Pid: 0,
    ExitCode: 0,
    Error: '',
    OOMKilled: false,
    StartedAt: ZERO_TIME,
    FinishedAt: ZERO_TIME,
    RestartCount: 0,
    ManuallyStopped: false,
    BootId: bootId(ctx.env),
    SupervisorPid: 0,
    CgroupPath: '',
    Ports: {},
    Network: { IPAddress: '', IPPrefixLen: 0, Gateway: '', MacAddress: '', IPv6Address: '', SandboxKey: '' },
  };
}

/** Every readable container, in no order. An unreadable one is absent here and reported by `system check`. */
export function listContainers(ctx: Ctx): ContainerView[] {
  return containerIds(ctx)
    .map((id) => readContainer(ctx, id))
    .filter((view) => view !== undefined);
}

/** The ids there are folders for. */
export function containerIds(ctx: Pick<Ctx, 'paths'>): string[] {
  try {
    return readdirSync(containersDir(ctx)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** One container by its full id; undefined when it is not there or not readable. */
export function readContainer(ctx: Ctx, id: string): ContainerView | undefined {
  const record = readContainerRecord(ctx, id);
  return record && { record, state: readState(ctx, id) };
}

/** The record alone, for whoever knows the state: its lock is not asked. */
export function readContainerRecord(ctx: Pick<Ctx, 'paths'>, id: string): ContainerRecord | undefined {
  const record = readJson(containerConfigPath(ctx, id)) as ContainerRecord | undefined;
  const isRecord = record?.version === 1 && record.Id === id && typeof record.Config === 'object' && typeof record.HostConfig === 'object';
  return isRecord ? record : undefined;
}

/**
 * A container by full id, name (a leading slash is dropped), or unique id prefix, in Docker's order.
 * Throws ERR_NO_SUCH_CONTAINER, or ERR_AMBIGUOUS_ID when a prefix fits several.
 */
export function findContainer(ctx: Ctx, wanted: string): ContainerView {
  const id = findContainerId(ctx, wanted);
  const view = id === undefined ? undefined : readContainer(ctx, id);
  if (!view) throw new EngineError('ERR_NO_SUCH_CONTAINER', `No such container: ${wanted}`, { hint: 'List what there is: skiff ps -a' });
  return view;
}

/** Diff-ids of every layer that the container needs: those of its image and of the images it mounts. */
export function layersUsed({ Layers, Mounts = [] }: ContainerRecord): string[] {
  return [...Layers, ...Mounts.flatMap((mount) => mount.Layers ?? [])];
}

/** Whether the container needs the image: it is made of it, or mounts it. */
export function usesImage({ Image, Mounts = [] }: ContainerRecord, imageId: string): boolean {
  return Image === imageId || Mounts.some(({ ImageID }) => ImageID === imageId);
}

/** Whether the container's supervisor lives. */
export function isRunning(ctx: Pick<Ctx, 'paths'>, id: string): boolean {
  return isLocked(containerLockPath(ctx, id));
}

/** Writes `state.json`. Only the holder of the container's lock may. On a full disk the old file's own blocks are used again. */
export function writeState(ctx: Pick<Ctx, 'paths'>, id: string, state: ContainerState, options: { durable?: boolean } = {}): void {
  const path = containerStatePath(ctx, id);
  try {
    writeJsonAtomic(path, state, { ...options, createFolder: false });
  } catch (error) {
    if (!isDiskFull(error) || !exists(path)) throw error;
    // Blanks overwrite what is longer in the old text: cutting it afterwards would leave a moment in which it is no JSON.
    writeFileSync(path, `${JSON.stringify(state).padEnd(statSync(path).size - 1)}\n`, { flag: 'r+' });
  }
}

/** What was last written, whatever is true by now; undefined when nothing was. */
export function lastState(ctx: Pick<Ctx, 'paths'>, id: string): ContainerState | undefined {
  const written = readJson(containerStatePath(ctx, id)) as Partial<ContainerState> | undefined;
  return isState(written) ? written : undefined;
}

function isState(value: Partial<ContainerState> | undefined): value is ContainerState {
  if (value?.version !== 1) return false;
  const { Status, StartedAt, FinishedAt, BootId, ExitCode, Pid } = value;
  return (
    [Status, StartedAt, FinishedAt, BootId].every((text) => typeof text === 'string') && Number.isInteger(ExitCode) && Number.isInteger(Pid)
  );
}

/** Replaces `config.json`, for rename and update. Throws ENOENT when the container has been removed meanwhile. */
export function rewriteRecord(ctx: Pick<Ctx, 'paths'>, record: ContainerRecord): void {
  writeJsonAtomic(containerConfigPath(ctx, record.Id), record, { createFolder: false });
}

/**
 * Makes the container's folder with its record and empty `upper/ work/ merged/`, then renames it into place.
 * `fill` puts more into the folder. If we die before the rename, tmp/ holds garbage that a sweep takes.
 */
export function writeContainerRecord(
  ctx: Pick<Ctx, 'paths' | 'env'>,
  record: ContainerRecord,
  fill: (folder: string) => void = () => undefined,
): void {
  const making = join(tmpDir(ctx), `container-${record.Id}`);
  for (const folder of ['upper', 'work', 'merged']) {
    mkdirSync(join(making, folder), { recursive: true });
    // The container's root has the mode of upper/: the user's umask must not close it to the container's users.
    chmodSync(join(making, folder), 0o755);
  }
  try {
    fill(making);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
  // One fsync of the folder's rename makes all of it reachable; the files are synced by their own writes. A container that removes
  // itself is not missed after a power cut.
  const durable = !record.HostConfig.AutoRemove;
  writeJsonAtomic(join(making, 'config.json'), record, { durable });
  mkdirSync(containersDir(ctx), { recursive: true, mode: 0o700 });
  renameSync(making, containerDir(ctx, record.Id));
  if (durable) syncFolder(containersDir(ctx));
}

/**
 * Takes the container out of sight in one rename and returns the folder that now holds its files, to be deleted by who can
 * (files of sub-ids need the user namespace). If we die after the rename a sweep deletes it.
 */
export function detachContainer(ctx: Ctx, record: ContainerRecord): string {
  mkdirSync(tmpDir(ctx), { recursive: true, mode: 0o700 });
  const grave = join(tmpDir(ctx), `removed-${record.Id}`);
  renameSync(containerDir(ctx, record.Id), grave);
  releaseName(ctx, record.Name, record.Id);
  // It may have been renamed since `record` was read; from here on nobody can do so any more.
  const last = readJson(join(grave, 'config.json')) as ContainerRecord | undefined;
  if (last?.Name) releaseName(ctx, last.Name, record.Id);
  return grave;
}

function findContainerId(ctx: Ctx, wanted: string): string | undefined {
  const name = wanted.startsWith('/') ? wanted.slice(1) : wanted;
  if (/^[0-9a-f]{64}$/.test(name) && exists(containerDir(ctx, name))) return name;
  const named = NAME_PATTERN.test(name) ? ownerOfName(ctx, name) : undefined;
  if (named !== undefined && exists(containerDir(ctx, named))) return named;
  if (!/^[0-9a-f]{1,64}$/.test(name)) return undefined;
  const matches = containerIds(ctx).filter((id) => id.startsWith(name));
  if (matches.length > 1) {
    throw new EngineError('ERR_AMBIGUOUS_ID', `Multiple IDs found with provided prefix: ${wanted}`, {
      hint: 'Give more digits of the id, or the name',
    });
  }
  return matches[0];
}

function readState(ctx: Ctx, id: string): ContainerState {
  const state = lastState(ctx, id) ?? initialState(ctx);
  if (state.Status !== 'running' && state.Status !== 'paused' && state.Status !== 'restarting') return state;
  const rebooted = state.BootId !== bootId(ctx.env);
  if (!rebooted && isRunning(ctx, id)) return state;
  // Its supervisor was killed (137, and its whole pid namespace with it), or the machine went down (255, as Docker records it).
  return {
    ...state,
    Status: 'exited',
    Pid: 0,
    SupervisorPid: 0,
    Ports: {},
    ExitCode: rebooted ? 255 : 137,
    FinishedAt: lastSign(ctx, id, state),
  };
}

// The last moment the container is known to have lived: its state or its log was written then.
function lastSign(ctx: Ctx, id: string, state: ContainerState): string {
  const times = [containerStatePath(ctx, id), containerLogPath(ctx, id)].map((path) => {
    try {
      return statSync(path).mtimeMs;
    } catch {
      return 0;
    }
  });
  const last = Math.max(...times);
  return last === 0 ? state.StartedAt : new Date(last).toISOString();
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
