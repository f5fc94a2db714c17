// `--filter` of the prune commands: made before a time, with a label, without one.
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { type Filters, labelsMatch, parseFilters } from './filter.ts';
import { parseTimestamp } from './timestamp.ts';

export interface PruneFilter {
  filters: Filters;
  /** Whether an object is meant; `created` is RFC 3339, '' when unknown, which no `until` fits. */
  fits: (created: string, labels: () => Readonly<Record<string, string>> | undefined) => boolean;
  /** The time of `until`, ms since 1970. */
  latestMs?: number | undefined;
}

/** Throws ERR_BAD_FILTER and ERR_BAD_TIME. `more` are further filters that the caller knows. */
export function pruneFilter(ctx: Pick<Ctx, 'now'>, texts: readonly string[], more: readonly string[] = []): PruneFilter {
  const filters = parseFilters(texts, ['label', 'label!', 'until', ...more]);
  const [until, ...others] = filters.get('until') ?? [];
  if (others.length > 0)
    throw new EngineError('ERR_BAD_FILTER', 'more than one until filter specified', { hint: 'Give one --filter until=…' });
  const latest = until === undefined ? undefined : parseTimestamp(until, { now: ctx.now(), flag: 'until' });
  const without: Filters = new Map([['label', filters.get('label!') ?? []]]);
  const isOldEnough = (created: string): boolean => {
    const time = Date.parse(created);
    return latest === undefined || (!Number.isNaN(time) && BigInt(time) * 1_000_000n <= latest);
  };
  const hasLabels = filters.has('label') || filters.has('label!');
  return {
    filters,
    latestMs: latest === undefined ? undefined : Number(latest / 1_000_000n),
    fits: (created, labels) => {
      if (!isOldEnough(created)) return false;
      const own = hasLabels ? labels() : undefined;
      return labelsMatch(filters, own) && !(filters.has('label!') && labelsMatch(without, own));
    },
  };
}
