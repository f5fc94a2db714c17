// clone, rename, snapshot, restore. A volume that containers write to meanwhile is copied as a power cut would leave it, unless they are held.
import { SupervisorGone } from '../runtime/control-client.ts';
import { type HeldContainer, holdContainer } from '../runtime/hold-client.ts';
import type { VolumeTarget } from '../runtime/messages-volume.ts';
import { withStoreLock } from '../storage/claim.ts';
import { type ContainerView, listContainers } from '../storage/container.ts';
import { NAME_PATTERN } from '../storage/name-pattern.ts';
import type { SnapshotRecord, VolumeRecord } from '../storage/records.ts';
import { getVolume, recordVolumeEvent, renameVolume, volumeData, volumeSource } from '../storage/volume.ts';
import { detachSnapshot, listSnapshots, readSnapshot, snapshotDir } from '../storage/volume-snapshots.ts';
import { volumeUsers } from '../storage/volume-users.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { deleteInNamespace } from './remove.ts';
import { requireVolume, requireVolumeName } from './volume.ts';
import { snapshotExists, volumeExists, volumeInUse } from './volume-errors.ts';
import { runJob } from './worker-client.ts';

export interface VolumeCopyOptions {
  /** Containers that run with the volume rest while it is read. */
  pause?: boolean;
  onProgress?: ((done: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A new volume with the files and labels of `from`. Throws ERR_NO_SUCH_VOLUME, ERR_VOLUME_NAME, ERR_VOLUME_EXISTS, ERR_VOLUME_TMPFS. */
export async function cloneVolume(ctx: Ctx, from: string, to: string, options: VolumeCopyOptions = {}): Promise<void> {
  const source = requireFiles(ctx, from, 'clone');
  requireVolumeName(to);
  if (getVolume(ctx, to)) throw volumeExists(to);
  const record: VolumeRecord = { ...source, ...named(source, to), Options: {}, CreatedAt: ctx.now().toISOString() };
  await copy(ctx, source, { to: 'volume', record }, options);
}

/** Throws ERR_NO_SUCH_VOLUME, ERR_VOLUME_NAME, ERR_VOLUME_EXISTS, and ERR_VOLUME_IN_USE while any container names the volume. */
export function renameVolumeTo(ctx: Ctx, from: string, to: string): void {
  withStoreLock(ctx, () => {
    const volume = requireVolume(ctx, from);
    requireVolumeName(to);
    const users = volumeUsers(ctx, from);
    if (users.length > 0) throw volumeInUse(`rename ${from}`, users);
    if (!renameVolume(ctx, volume, { ...volume, ...named(volume, to) })) throw volumeExists(to);
  });
}

/** Keeps the volume's files as they are now; returns the snapshot's name, by default the time. Throws as `cloneVolume`, ERR_SNAPSHOT_NAME, ERR_SNAPSHOT_EXISTS. */
export async function snapshotVolume(
  ctx: Ctx,
  volume: string,
  options: VolumeCopyOptions & { name?: string | undefined } = {},
): Promise<string> {
  const source = requireOwnFiles(ctx, volume, 'snapshot');
  const now = ctx.now().toISOString();
  const name = options.name ?? now.replace(/[-:]|\.\d+Z/g, '').replace('T', '-');
  if (!NAME_PATTERN.test(name)) {
    throw new EngineError('ERR_SNAPSHOT_NAME', `Invalid snapshot name "${name}": only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  if (readSnapshot(ctx, volume, name)) throw snapshotExists(volume, name);
  await copy(ctx, source, { to: 'snapshot', volume, record: { version: 1, Name: name, CreatedAt: now } }, options);
  recordVolumeEvent(ctx, 'snapshot', volume);
  return name;
}

/**
 * Gives the volume the files that it had at the snapshot; those it has now go to the folder `keptIn` of the trash, or for good. Throws
 * ERR_NO_SUCH_VOLUME, ERR_NO_SUCH_SNAPSHOT, ERR_VOLUME_IN_USE while a container runs with it.
 */
export async function restoreVolume(
  ctx: Ctx,
  volume: string,
  { snapshot, keptIn, onProgress, signal }: { snapshot: string; keptIn?: string | undefined } & Omit<VolumeCopyOptions, 'pause'>,
): Promise<void> {
  requireOwnFiles(ctx, volume, 'restore');
  requireSnapshot(ctx, volume, snapshot);
  const verb = `restore ${volume}`;
  refuseRunning(ctx, volume, verb);
  const target = { to: 'data', volume, keptIn, verb } as const;
  await runJob(ctx, { kind: 'volume-copy', from: `${snapshotDir(ctx, volume, snapshot)}/_data`, target }, { onProgress, signal });
  recordVolumeEvent(ctx, 'restore', volume);
}

/** The oldest first. Throws ERR_NO_SUCH_VOLUME. */
export function snapshotsOf(ctx: Ctx, volume: string): SnapshotRecord[] {
  return listSnapshots(ctx, requireVolume(ctx, volume).Name);
}

/** Throws ERR_NO_SUCH_VOLUME, ERR_NO_SUCH_SNAPSHOT. */
export async function removeSnapshot(ctx: Ctx, volume: string, snapshot: string): Promise<void> {
  requireVolume(ctx, volume);
  requireSnapshot(ctx, volume, snapshot);
  const grave = detachSnapshot(ctx, volume, snapshot);
  if (grave) await deleteInNamespace(ctx, [grave]);
}

/** Before the work, so that nobody waits for a refusal. Throws ERR_VOLUME_IN_USE. */
export function refuseRunning(ctx: Ctx, volume: string, verb: string): void {
  const running = runningWith(ctx, volume).map(({ record }) => record.Id);
  if (running.length > 0) throw volumeInUse(verb, running, 'Its files cannot be replaced while containers run with them: stop those first');
}

/** Runs `read` while the containers that run with the volume rest, or says that they do not. */
export async function whileHeld<T>(
  ctx: Ctx,
  volume: string,
  { pause = false }: { pause?: boolean | undefined },
  read: () => Promise<T>,
): Promise<T> {
  const running = runningWith(ctx, volume);
  if (!pause) {
    const [first] = running;
    if (first) {
      ctx.warn(
        `Container "${first.record.Name}" runs with the volume: its files are taken as a power cut would leave them (--pause holds the container meanwhile)`,
      );
    }
    return read();
  }
  const held: HeldContainer[] = [];
  try {
    for (const view of running) held.push(...(await hold(ctx, view)));
    return await read();
  } finally {
    await Promise.all(held.map((container) => container.release()));
  }
}

/** A volume whose files lie on the disk. Throws ERR_NO_SUCH_VOLUME, ERR_VOLUME_TMPFS. */
export function requireFiles(ctx: Ctx, name: string, verb: string): VolumeRecord {
  const volume = requireVolume(ctx, name);
  if (volume.Options.type !== 'tmpfs') return volume;
  throw new EngineError(
    'ERR_VOLUME_TMPFS',
    `Cannot ${verb} the volume "${name}": it is a tmpfs, which is there only while a container runs with it`,
    {
      hint: 'Copy its files from the container: skiff cp CONTAINER:/path .',
    },
  );
}

/** One whose files are in its own folder, too. Throws ERR_VOLUME_ELSEWHERE. */
export function requireOwnFiles(ctx: Ctx, name: string, verb: string): VolumeRecord {
  const volume = requireFiles(ctx, name, verb);
  if (volume.Options.device === undefined) return volume;
  throw new EngineError('ERR_VOLUME_ELSEWHERE', `Cannot ${verb} the volume "${name}": its files are those of "${volume.Options.device}"`, {
    hint: `They can be copied into a volume of their own: skiff volume clone ${name} NEW`,
  });
}

async function copy(ctx: Ctx, source: VolumeRecord, target: VolumeTarget, { pause, onProgress, signal }: VolumeCopyOptions): Promise<void> {
  const from = source.Options.device === undefined ? volumeData(ctx, source.Name) : volumeSource(ctx, source);
  await whileHeld(ctx, source.Name, { pause }, () => runJob(ctx, { kind: 'volume-copy', from, target }, { onProgress, signal }));
}

function requireSnapshot(ctx: Ctx, volume: string, name: string): void {
  if (NAME_PATTERN.test(name) && readSnapshot(ctx, volume, name)) return;
  throw new EngineError('ERR_NO_SUCH_SNAPSHOT', `The volume "${volume}" has no snapshot "${name}"`, {
    hint: `See which it has: skiff volume snapshot --list ${volume}`,
  });
}

/** A volume that is given a name is anonymous no more. */
function named({ Labels }: VolumeRecord, Name: string): Pick<VolumeRecord, 'Name' | 'Anonymous' | 'Labels'> {
  const { 'com.docker.volume.anonymous': _, ...others } = Labels;
  return { Name, Anonymous: false, Labels: others };
}

function runningWith(ctx: Ctx, volume: string): ContainerView[] {
  return listContainers(ctx).filter(
    ({ record, state: { Status } }) =>
      (Status === 'running' || Status === 'paused' || Status === 'restarting') &&
      record.Mounts.some(({ Type, Name }) => Type === 'volume' && Name === volume),
  );
}

const AT_REST = new Set(['ERR_PAUSED', 'ERR_NOT_RUNNING', 'ERR_RESTARTING']);

async function hold(ctx: Ctx, { record }: ContainerView): Promise<HeldContainer[]> {
  try {
    return [await holdContainer(ctx, record.Id)];
  } catch (error) {
    if (error instanceof EngineError && AT_REST.has(error.code)) return [];
    if (!(error instanceof SupervisorGone)) throw error;
    throw new EngineError('ERR_NO_ANSWER', `Cannot pause container "${record.Name}": its supervisor does not answer`, {
      hint: 'Leave out --pause, or stop the container first',
    });
  }
}
