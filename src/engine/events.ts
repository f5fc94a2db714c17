// What `events` shows: what has been recorded, and what comes, between two points in time. As Docker: without an end in the past it goes on,
// and the past is shown only when a point in time is given.
import { openEventReader, whileRecorded } from '../storage/event-reader.ts';
import type { EngineEvent } from '../storage/records.ts';
import { realtimeNanoseconds } from '../sys/clock.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { eventFilter } from './event-filter.ts';
import { parseTimestamp } from './timestamp.ts';

export interface EventsOptions {
  /** RFC 3339, seconds since 1970 with decimals, or a span before now. */
  since?: string | undefined;
  until?: string | undefined;
  /** `name=value`. */
  filters?: readonly string[];
  /** Ends the stream. */
  signal: AbortSignal;
}

/** Hands events to `visit` in the order of time. Resolves at `until`, or when `signal` is aborted. Throws ERR_BAD_FILTER, ERR_BAD_TIME. */
export async function streamEvents(ctx: Ctx, options: EventsOptions, visit: (events: EngineEvent[]) => void): Promise<void> {
  const fits = eventFilter(options.filters ?? []);
  const [since, until] = [timeOf(ctx, 'since', options.since), timeOf(ctx, 'until', options.until)];
  if (since !== undefined && until !== undefined && until < since) {
    throw new EngineError('ERR_BAD_TIME', `\`since\` time (${options.since}) cannot be after \`until\` time (${options.until})`);
  }
  const reader = openEventReader(ctx, { fromNow: since === undefined && until === undefined });
  const look = (): boolean => {
    const found = reader
      .read()
      .filter(
        (event) => (since === undefined || event.timeNano >= since) && (until === undefined || event.timeNano <= until) && fits(event),
      );
    if (found.length > 0) visit(found);
    return true;
  };
  const end = until === undefined ? undefined : endAt(until, options.signal);
  try {
    if (!end?.isPast) await whileRecorded(ctx, look, end?.signal ?? options.signal);
    // All of the past, or what was recorded in the last moment.
    if (end && !options.signal.aborted) look();
  } finally {
    end?.cancel();
    reader.close();
  }
}

function timeOf(ctx: Ctx, flag: string, text: string | undefined): bigint | undefined {
  return text === undefined || text === '' ? undefined : parseTimestamp(text, { now: ctx.now(), flag });
}

/** The longest time that a timer takes, in milliseconds. */
const LONGEST_MS = 0x7fffffff;

/** A signal that is aborted at `until` (nanoseconds since 1970), or with `outer`. */
function endAt(until: bigint, outer: AbortSignal): { isPast: boolean; signal: AbortSignal; cancel(): void } {
  const ended = new AbortController();
  let timer: Timer | undefined;
  const arm = (): void => {
    const leftMs = Number((until - realtimeNanoseconds()) / 1_000_000n) + 1;
    if (leftMs <= 0) ended.abort();
    else timer = setTimeout(arm, Math.min(leftMs, LONGEST_MS));
  };
  const isPast = until < realtimeNanoseconds();
  if (!isPast) arm();
  return { isPast, signal: AbortSignal.any([ended.signal, outer]), cancel: () => clearTimeout(timer) };
}
