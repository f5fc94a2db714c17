// Which containers name a volume, and what may only be done to one that none names, or none runs with. Decided under the store lock, under
// which containers are made, and where it matters under the locks of the containers, without which none starts.
import { existsSync } from 'node:fs';
import { readJson } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { type Lock, tryLock } from '../sys/lock.ts';
import { withStoreLock } from './claim.ts';
import { containerIds } from './container.ts';
import { containerConfigPath, containerDir, containerLockPath } from './layout.ts';
import type { ContainerRecord } from './records.ts';
import { removeVolume } from './volume.ts';

type HasPaths = Pick<Ctx, 'paths'>;

/** The ids of the containers that mount the volume. One whose record cannot be read may mount anything. */
export function volumeUsers(ctx: HasPaths, volume: string): string[] {
  return containerIds(ctx).filter((id) => mayMount(ctx, id, volume));
}

/**
 * Takes those volumes out of sight that no container mounts; returns their names and the folders that are left to delete, or with
 * `keptIn` lie in that folder of the trash. Nobody begins to use a volume that is found unused here.
 */
export function detachUnusedVolumes(
  ctx: Ctx,
  names: readonly string[],
  options: { keptIn?: string | undefined } = {},
): Map<string, string> {
  return withStoreLock(ctx, () => {
    const others = containerIds(ctx);
    const unused = names.filter((name) => !others.some((id) => mayMount(ctx, id, name)));
    return new Map(
      unused.flatMap((name): [string, string][] => {
        const grave = removeVolume(ctx, name, options);
        return grave === undefined ? [] : [[name, grave]];
      }),
    );
  });
}

/**
 * Runs `change` while no container of the volume runs or can start, and none is made; `inUse` makes the error for the ids of those that
 * run. `change` must be short: a few renames.
 */
export function whileAtRest<T>(ctx: HasPaths, volume: string, { change, inUse }: { change: () => T; inUse: (ids: string[]) => Error }): T {
  return withStoreLock(ctx, () => {
    const locks: Lock[] = [];
    try {
      const busy: string[] = [];
      for (const id of volumeUsers(ctx, volume)) {
        const lock = tryLock(containerLockPath(ctx, id));
        if (lock) locks.push(lock);
        else busy.push(id);
      }
      if (busy.length > 0) throw inUse(busy);
      return change();
    } finally {
      for (const lock of locks) lock.release();
    }
  });
}

function mayMount(ctx: HasPaths, id: string, volume: string): boolean {
  const record = readJson(containerConfigPath(ctx, id)) as Partial<ContainerRecord> | undefined;
  if (!Array.isArray(record?.Mounts)) return existsSync(containerDir(ctx, id));
  return record.Mounts.some(({ Name }) => Name === volume);
}
