// Removing a container: first out of sight in one rename, then its files. Some belong to sub-ids, which only root of the user
// namespace may delete: where we are not that, the caller gets the folder back to have it deleted there. Needs no free space.
import { existsSync, rmSync } from 'node:fs';
import { readJson } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { withStoreLock } from './claim.ts';
import { containerIds, detachContainer } from './container.ts';
import { recordContainerEvent } from './events.ts';
import { containerConfigPath, containerDir } from './layout.ts';
import type { ContainerRecord } from './records.ts';
import { removeVolume } from './volume.ts';

/**
 * Removes the container and, with `volumes`, those of its anonymous volumes that no other container mounts. Returns folders that are
 * left for root of the namespace.
 */
export function removeContainer(ctx: Ctx, record: ContainerRecord, options: { volumes: boolean }): string[] {
  const graves = [detachContainer(ctx, record)];
  const volumes = options.volumes ? record.Mounts.filter(({ Type, Anonymous }) => Type === 'volume' && Anonymous) : [];
  if (volumes.length > 0)
    graves.push(
      ...detachUnusedVolumes(
        ctx,
        volumes.flatMap(({ Name }) => Name ?? []),
      ).values(),
    );
  recordContainerEvent(ctx, record, 'destroy');
  return graves.flatMap(deleteFolder);
}

/**
 * Takes those volumes out of sight that no container mounts; returns their names and the folders that are left to delete. Under the store
 * lock, as the making of containers: nobody begins to use a volume that is found unused here.
 */
export function detachUnusedVolumes(ctx: Ctx, names: readonly string[]): Map<string, string> {
  return withStoreLock(ctx, () => {
    const others = containerIds(ctx);
    const unused = names.filter((name) => !others.some((id) => mayMount(ctx, id, name)));
    return new Map(
      unused.flatMap((name): [string, string][] => {
        const grave = removeVolume(ctx, name);
        return grave === undefined ? [] : [[name, grave]];
      }),
    );
  });
}

/** A container whose record cannot be read may mount anything. */
function mayMount(ctx: Ctx, id: string, volume: string): boolean {
  const record = readJson(containerConfigPath(ctx, id)) as Partial<ContainerRecord> | undefined;
  if (!Array.isArray(record?.Mounts)) return existsSync(containerDir(ctx, id));
  return record.Mounts.some(({ Name }) => Name === volume);
}

/** Deletes `folder`; returns it when some of it may only be deleted in the user namespace. */
export function deleteFolder(folder: string): string[] {
  try {
    rmSync(folder, { recursive: true, force: true });
    return [];
  } catch (error) {
    if (errnoOf(error) === 'EACCES' || errnoOf(error) === 'EPERM') return [folder];
    throw error;
  }
}
