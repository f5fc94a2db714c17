// Volumes: `volumes/<name>/` with its record and `_data/`, made whole in tmp/ and renamed into place, so of two makers of one name the
// second finds the first's. A volume whose record cannot be read is absent; its data is left alone.
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolderDurably, readJson, syncFolder, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { renameToNew } from '../sys/exchange.ts';
import { randomHex } from '../sys/random.ts';
import { recordEvent } from './events.ts';
import { tmpDir, volumeDir, volumesDir } from './layout.ts';
import type { VolumeRecord } from './records.ts';

export interface NewVolume {
  /** Without one the volume is anonymous and gets 64 hex digits. */
  name?: string;
  labels?: Record<string, string>;
  /** Of the driver `local`: `type`, `o`, `device`. */
  options?: Record<string, string>;
}

type HasPaths = Pick<Ctx, 'paths'>;

/** Docker's mark of a volume that nobody named. */
const ANONYMOUS_LABEL = 'com.docker.volume.anonymous';

/** Where the files of a volume lie that has no options. */
export const volumeData = (ctx: HasPaths, name: string): string => join(volumeDir(ctx, name), '_data');

/** Where the files of a volume lie: a volume with the option `bind` stands for another folder. */
export function volumeSource(ctx: HasPaths, { Name, Options }: VolumeRecord): string {
  return Options.type === 'tmpfs' ? volumeData(ctx, Name) : (Options.device ?? volumeData(ctx, Name));
}

/** Makes a volume, or finds the one of that name (`isNew` false). */
export function createVolume(
  ctx: Pick<Ctx, 'paths' | 'now'>,
  { name, labels = {}, options = {} }: NewVolume,
): { volume: VolumeRecord; isNew: boolean } {
  const known = name === undefined ? undefined : getVolume(ctx, name);
  if (known) return { volume: known, isNew: false };
  const volume: VolumeRecord = {
    version: 1,
    Name: name ?? randomHex(32),
    Driver: 'local',
    Labels: name === undefined ? { [ANONYMOUS_LABEL]: '', ...labels } : labels,
    Options: options,
    CreatedAt: ctx.now().toISOString(),
    Anonymous: name === undefined,
  };
  const making = join(tmpDir(ctx), `volume-${randomHex(8)}`);
  mkdirSync(join(making, '_data'), { recursive: true });
  // Whatever the umask: users of containers go in there.
  chmodSync(join(making, '_data'), 0o755);
  writeJsonAtomic(join(making, 'volume.json'), volume);
  mkdirSync(volumesDir(ctx), { recursive: true, mode: 0o700 });
  try {
    renameSync(making, volumeDir(ctx, volume.Name));
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    const other = getVolume(ctx, volume.Name);
    if (other) return { volume: other, isNew: false };
    throw occupied(volume.Name, error);
  }
  syncFolder(volumesDir(ctx));
  recordVolumeEvent(ctx, 'create', volume.Name);
  return { volume, isNew: true };
}

/** The volume of that name; undefined when there is none that can be read. */
export function getVolume(ctx: HasPaths, name: string): VolumeRecord | undefined {
  return readVolumeRecord(volumeDir(ctx, name), name);
}

/** The record in a volume's folder, wherever that lies. Its name is the folder's: a rename changes no more than that. */
export function readVolumeRecord(folder: string, name: string): VolumeRecord | undefined {
  const record = readJson(join(folder, 'volume.json')) as VolumeRecord | undefined;
  return record?.version === 1 && typeof record.Name === 'string' ? { ...record, Name: name } : undefined;
}

/** Every readable volume, by name. */
export function listVolumes(ctx: HasPaths): VolumeRecord[] {
  return folderNames(volumesDir(ctx))
    .map((name) => getVolume(ctx, name))
    .filter((volume) => volume !== undefined);
}

/**
 * Takes a volume out of sight in one rename and returns the folder that now holds its files, to be deleted by who can (files of sub-ids
 * need the user namespace); undefined when there is none. If we die after the rename a sweep deletes it. `keptIn`: a folder of the trash,
 * in which it stays under its name instead.
 */
export function removeVolume(ctx: HasPaths, name: string, { keptIn }: { keptIn?: string | undefined } = {}): string | undefined {
  const parent = keptIn ?? tmpDir(ctx);
  // What is to be had back must not hang on a folder that a power cut takes.
  makeFolderDurably(parent);
  const grave = join(parent, keptIn === undefined ? `removed-volume-${randomHex(8)}` : name);
  try {
    renameSync(volumeDir(ctx, name), grave);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  if (keptIn !== undefined) syncFolder(parent);
  syncFolder(volumesDir(ctx));
  recordVolumeEvent(ctx, 'destroy', name);
  return grave;
}

/**
 * Gives a volume the name that `as` has; false when that is taken. The record comes first: where we die in between, nothing but the label of
 * an anonymous volume has changed. Under the store lock.
 */
export function renameVolume(ctx: HasPaths, { Name }: VolumeRecord, as: VolumeRecord): boolean {
  if (existsSync(volumeDir(ctx, as.Name))) return false;
  writeJsonAtomic(join(volumeDir(ctx, Name), 'volume.json'), as);
  renameToNew(volumeDir(ctx, Name), volumeDir(ctx, as.Name));
  syncFolder(volumesDir(ctx));
  recordEvent(ctx, { Type: 'volume', Action: 'rename', Actor: { ID: as.Name, Attributes: { driver: 'local', oldName: Name } } });
  return true;
}

/** Docker's event of a volume. Never throws. */
export function recordVolumeEvent(ctx: HasPaths, Action: string, ID: string): void {
  recordEvent(ctx, { Type: 'volume', Action, Actor: { ID, Attributes: { driver: 'local' } } });
}

function folderNames(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

const occupied = (name: string, cause: unknown): EngineError =>
  new EngineError(
    'ERR_VOLUME_UNREADABLE',
    `Cannot make the volume "${name}": a folder of that name is there, but its record cannot be read`,
    {
      cause,
      hint: 'Look with "skiff system check", or use another name',
      exitCode: 125,
    },
  );
