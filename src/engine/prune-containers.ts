// `container prune`: removes every container that is down. One that another command has in its hands meanwhile (starts it, removes it) is
// left to that command.
import { type ContainerView, listContainers } from '../storage/container.ts';
import { recordEvent } from '../storage/events.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { type Filters, labelsMatch, parseFilters } from './filter.ts';
import { containerSize } from './list-containers.ts';
import { removeIdleContainer } from './remove.ts';
import { parseTimestamp } from './timestamp.ts';

export interface PrunedContainers {
  /** Ids, oldest container first. */
  deleted: string[];
  /** Bytes that the containers had written. */
  reclaimed: number;
}

/** Which containers `--filter` means. Throws ERR_BAD_FILTER and ERR_BAD_TIME. */
export function pruneFilter(ctx: Pick<Ctx, 'now'>, texts: readonly string[]): (view: ContainerView) => boolean {
  const filters = parseFilters(texts, ['label', 'label!', 'until']);
  const [until, ...more] = filters.get('until') ?? [];
  if (more.length > 0)
    throw new EngineError('ERR_BAD_FILTER', 'more than one until filter specified', { hint: 'Give one --filter until=…' });
  const latest = until === undefined ? undefined : parseTimestamp(until, { now: ctx.now(), flag: 'until' });
  const without: Filters = new Map([['label', filters.get('label!') ?? []]]);
  return ({ record: { Created, Config } }) =>
    (latest === undefined || BigInt(Date.parse(Created)) * 1_000_000n <= latest) &&
    labelsMatch(filters, Config.Labels) &&
    !(filters.has('label!') && labelsMatch(without, Config.Labels));
}

/** Removes the containers that are down and that `fits` means, their volumes not. */
export async function pruneContainers(ctx: Ctx, fits: (view: ContainerView) => boolean): Promise<PrunedContainers> {
  const pruned: PrunedContainers = { deleted: [], reclaimed: 0 };
  const candidates = listContainers(ctx).filter((view) => isDown(view) && fits(view));
  candidates.sort((a, b) => (a.record.Created < b.record.Created ? -1 : 1));
  for (const view of candidates) {
    const { sizeRw } = containerSize(ctx, view);
    if (!(await removeIdleContainer(ctx, view.record.Id))) continue;
    pruned.deleted.push(view.record.Id);
    pruned.reclaimed += sizeRw;
  }
  recordEvent(ctx, { Type: 'container', Action: 'prune', Actor: { ID: '', Attributes: { reclaimed: String(pruned.reclaimed) } } });
  return pruned;
}

const isDown = ({ state: { Status } }: ContainerView): boolean => Status === 'created' || Status === 'exited' || Status === 'dead';
