// The verbs of `volume` that read and make: create, list, find.
import { withStoreLock } from '../storage/claim.ts';
import { listContainers } from '../storage/container.ts';
import type { VolumeRecord } from '../storage/records.ts';
import { createVolume, getVolume, listVolumes, volumeData } from '../storage/volume.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { checkVolumeName } from './create/volume-spec.ts';
import { booleanFilter, labelsMatch, parseFilters, textMatches } from './filter.ts';
import { checkVolumeOptions } from './volume-options.ts';
import { runJob } from './worker-client.ts';

/** A volume as the lists show it. */
export interface VolumeView {
  volume: VolumeRecord;
  mountpoint: string;
  /** Where it was asked for: containers that mount it, and bytes on the disk. */
  usage?: { links: number; size: number };
}

export interface CreateVolumeOptions {
  name?: string | undefined;
  driver: string;
  labels: Readonly<Record<string, string>>;
  options: Readonly<Record<string, string>>;
}

/**
 * Makes a volume, or finds the one of that name, as Docker does; returns its name. Throws ERR_VOLUME_NAME, ERR_VOLUME_DRIVER,
 * ERR_VOLUME_OPTION, and ERR_VOLUME_EXISTS when the one that is there has other options.
 */
export function makeVolume(ctx: Ctx, { name, driver, labels, options }: CreateVolumeOptions): string {
  if (driver !== 'local' && driver !== '') {
    throw new EngineError(
      'ERR_VOLUME_DRIVER',
      `create ${name ?? 'volume'}: error looking up volume plugin ${driver}: plugin "${driver}" not found`,
      {
        hint: 'There is one driver: local',
      },
    );
  }
  if (name !== undefined) requireVolumeName(name);
  const kept = checkVolumeOptions(options, name ?? 'volume');
  const { volume } = withStoreLock(ctx, () =>
    createVolume(ctx, { ...(name === undefined ? {} : { name }), labels: { ...labels }, options: kept }),
  );
  const isAsAsked = Object.keys(kept).length === 0 || isSame(kept, volume.Options);
  if (isAsAsked) return volume.Name;
  throw new EngineError(
    'ERR_VOLUME_EXISTS',
    `create ${volume.Name}: a volume with that name already exists, with other options: conflict`,
    {
      hint: `Look at it: skiff volume inspect ${volume.Name}`,
    },
  );
}

/** The volumes that the values of `--filter` mean, by name. Throws ERR_BAD_FILTER. */
export function findVolumes(ctx: Ctx, filterTexts: readonly string[]): VolumeView[] {
  const filters = parseFilters(filterTexts, ['dangling', 'driver', 'label', 'name']);
  const dangling = booleanFilter(filters, 'dangling');
  const used = dangling === undefined ? undefined : usedVolumes(ctx);
  return listVolumes(ctx)
    .filter(
      ({ Name, Driver, Labels }) =>
        (used === undefined || used.has(Name) !== dangling) &&
        (filters.get('driver')?.includes(Driver) ?? true) &&
        textMatches(filters.get('name'), Name) &&
        labelsMatch(filters, Labels),
    )
    .map((volume) => viewOf(ctx, volume));
}

/** Throws ERR_NO_SUCH_VOLUME in Docker's words. */
export function findVolume(ctx: Ctx, name: string): VolumeView {
  return viewOf(ctx, requireVolume(ctx, name));
}

/** With `usage`: measured by a worker, who may look into every folder. */
export async function measureVolumes(ctx: Ctx, views: readonly VolumeView[]): Promise<VolumeView[]> {
  const names = views.map(({ volume }) => volume.Name);
  const { sizes } = await runJob(ctx, { kind: 'volume-sizes', names });
  const links = (name: string): number =>
    listContainers(ctx).filter(({ record }) => record.Mounts.some(({ Type, Name }) => Type === 'volume' && Name === name)).length;
  return views.map((view) => ({ ...view, usage: { links: links(view.volume.Name), size: sizes[view.volume.Name] ?? 0 } }));
}

/** The record. Throws ERR_NO_SUCH_VOLUME in Docker's words. */
export function requireVolume(ctx: Ctx, name: string): VolumeRecord {
  const volume = isVolumeName(name) ? getVolume(ctx, name) : undefined;
  if (volume) return volume;
  throw new EngineError('ERR_NO_SUCH_VOLUME', `get ${name}: no such volume`, { hint: 'List what there is: skiff volume ls' });
}

/** Throws ERR_VOLUME_NAME in Docker's words, of the verb `create`. */
export function requireVolumeName(name: string): void {
  try {
    checkVolumeName(name);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.code, error.message.replace(/^C/, 'c'), { hint: 'Such as "data" or "web-data_2"' });
  }
}

export function isVolumeName(name: string): boolean {
  try {
    checkVolumeName(name);
    return true;
  } catch {
    return false;
  }
}

/** The names of all volumes that containers mount. */
export function usedVolumes(ctx: Ctx): Set<string> {
  return new Set(
    listContainers(ctx).flatMap(({ record }) => record.Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name ? [Name] : []))),
  );
}

const viewOf = (ctx: Ctx, volume: VolumeRecord): VolumeView => ({ volume, mountpoint: volumeData(ctx, volume.Name) });

function isSame(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}
