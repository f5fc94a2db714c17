// Removing a container: first out of sight in one rename, then its files. Some belong to sub-ids, which only root of the user
// namespace may delete: where we are not that, the caller gets the folder back to have it deleted there. Needs no free space.
import { rmSync } from 'node:fs';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { detachContainer } from './container.ts';
import { recordContainerEvent } from './events.ts';
import type { ContainerRecord } from './records.ts';
import { detachUnusedVolumes } from './volume-users.ts';

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
