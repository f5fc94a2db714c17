// `volume rm` and `volume prune`: volumes that no container names go to the trash, or for good.
import { existsSync } from 'node:fs';
import { withStoreLock } from '../storage/claim.ts';
import { listContainers } from '../storage/container.ts';
import { recordEvent } from '../storage/events.ts';
import { volumeDir } from '../storage/layout.ts';
import { getVolume, listVolumes, removeVolume } from '../storage/volume.ts';
import { detachUnusedVolumes, volumeUsers } from '../storage/volume-users.ts';
import type { Ctx } from '../sys/context.ts';
import type { PruneFilter } from './prune-filter.ts';
import { deleteInNamespace } from './remove.ts';
import { isVolumeName, requireVolume } from './volume.ts';
import { volumeInUse } from './volume-errors.ts';
import { runJob } from './worker-client.ts';

export interface RemoveVolumeOptions {
  /** One that is not there is no error, and one whose record cannot be read goes too. */
  force?: boolean | undefined;
  /** The folder of the trash that it is kept in; left out, it is deleted. */
  keptIn?: string | undefined;
}

/** Throws ERR_NO_SUCH_VOLUME and ERR_VOLUME_IN_USE in Docker's words. */
export async function removeVolumeNamed(ctx: Ctx, name: string, { force = false, keptIn }: RemoveVolumeOptions = {}): Promise<void> {
  const isThere = (): boolean => isVolumeName(name) && (getVolume(ctx, name) !== undefined || (force && existsSync(volumeDir(ctx, name))));
  const grave = withStoreLock(ctx, () => {
    if (!isThere()) return force ? undefined : requireVolume(ctx, name).Name;
    const users = volumeUsers(ctx, name);
    if (users.length > 0) throw volumeInUse(`remove ${name}`, users);
    return removeVolume(ctx, name, { keptIn });
  });
  if (grave !== undefined && keptIn === undefined) await deleteInNamespace(ctx, [grave]);
}

export interface PruneVolumesOptions {
  /** Named ones too. */
  all: boolean;
  filter: PruneFilter;
  dryRun: boolean;
  keptIn?: string | undefined;
}

export interface PrunedVolumes {
  /** Names. */
  volumes: string[];
  /** What they take of the disk, bytes. */
  reclaimed: number;
}

export async function pruneVolumes(ctx: Ctx, { all, filter, dryRun, keptIn }: PruneVolumesOptions): Promise<PrunedVolumes> {
  const wanted = unusedVolumes(ctx, { all, filter });
  const { sizes } = wanted.length === 0 ? { sizes: {} } : await runJob(ctx, { kind: 'volume-sizes', names: wanted });
  const sum = (names: readonly string[]): number => names.reduce((total, name) => total + (sizes[name] ?? 0), 0);
  if (dryRun) return { volumes: wanted, reclaimed: sum(wanted) };
  const detached = detachUnusedVolumes(ctx, wanted, { keptIn });
  const volumes = [...detached.keys()];
  const reclaimed = sum(volumes);
  if (keptIn === undefined) await deleteInNamespace(ctx, [...detached.values()]);
  recordEvent(ctx, { Type: 'volume', Action: 'prune', Actor: { ID: '', Attributes: { reclaimed: String(reclaimed) } } });
  return { volumes, reclaimed };
}

/** The volumes that no container names, those of `gone` not counted: anonymous ones, or all. */
export function unusedVolumes(
  ctx: Ctx,
  { all, filter: { fits }, gone = [] }: { all: boolean; filter: PruneFilter; gone?: readonly string[] },
): string[] {
  const containers = listContainers(ctx).filter(({ record }) => !gone.includes(record.Id));
  const used = new Set(containers.flatMap(({ record }) => record.Mounts.map(({ Name }) => Name)));
  return listVolumes(ctx)
    .filter(({ Name, Anonymous, Labels, CreatedAt }) => (all || Anonymous) && !used.has(Name) && fits(CreatedAt, () => Labels))
    .map(({ Name }) => Name);
}
