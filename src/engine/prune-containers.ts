// `container prune`: removes every container that is down. One that another command has in its hands meanwhile (starts it, removes it) is
// left to that command.
import { type ContainerView, listContainers } from '../storage/container.ts';
import { recordEvent } from '../storage/events.ts';
import type { Ctx } from '../sys/context.ts';
import { containerSize } from './list-containers.ts';
import type { PruneFilter } from './prune-filter.ts';
import { removeIdleContainer } from './remove.ts';

export interface PrunedContainers {
  /** Ids, oldest container first. */
  deleted: string[];
  /** Bytes that the containers had written. */
  reclaimed: number;
}

/** The containers that are down and that `fits` means, oldest first. */
export function containersToPrune(ctx: Ctx, { fits }: PruneFilter): ContainerView[] {
  const meant = listContainers(ctx).filter((view) => isDown(view) && fits(view.record.Created, () => view.record.Config.Labels));
  return meant.sort((a, b) => (a.record.Created < b.record.Created ? -1 : 1));
}

/** Removes those containers, their volumes not. With `dryRun` they stay, and it is told what would go. */
export async function pruneContainers(ctx: Ctx, filter: PruneFilter, { dryRun = false } = {}): Promise<PrunedContainers> {
  const pruned: PrunedContainers = { deleted: [], reclaimed: 0 };
  for (const view of containersToPrune(ctx, filter)) {
    const { sizeRw } = containerSize(ctx, view);
    if (!dryRun && !(await removeIdleContainer(ctx, view.record.Id))) continue;
    pruned.deleted.push(view.record.Id);
    pruned.reclaimed += sizeRw;
  }
  if (dryRun) return pruned;
  recordEvent(ctx, { Type: 'container', Action: 'prune', Actor: { ID: '', Attributes: { reclaimed: String(pruned.reclaimed) } } });
  return pruned;
}

const isDown = ({ state: { Status } }: ContainerView): boolean => Status === 'created' || Status === 'exited' || Status === 'dead';
