// What `logs` reads: a container's log entries, all of them or as they come.
import { logAttributes } from '../runtime/log-attributes.ts';
import { type LogEntry, readLog } from '../runtime/log-reader.ts';
import { findContainer, isRunning } from '../storage/container.ts';
import { containerLogPath } from '../storage/layout.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { parseTimestamp } from './timestamp.ts';

export type { LogEntry } from '../runtime/log-reader.ts';

export interface LogsOptions {
  /** Goes on until the container stops. */
  follow?: boolean;
  /** Number of entries from the end, or 'all'. */
  tail?: string;
  /** RFC 3339, seconds since 1970, or a span before now. */
  since?: string | undefined;
  until?: string | undefined;
  signal?: AbortSignal;
}

/** Hands a container's log to `visit` in batches. Throws ERR_NO_SUCH_CONTAINER, ERR_BAD_TIME, ERR_BAD_OPTION, ERR_LOG_DRIVER. */
export async function readContainerLog(ctx: Ctx, name: string, options: LogsOptions, visit: (entries: LogEntry[]) => void): Promise<void> {
  const { record } = findContainer(ctx, name);
  const now = ctx.now();
  const range = {
    sinceNs: options.since === undefined ? undefined : parseTimestamp(options.since, { now, flag: 'since' }),
    untilNs: options.until === undefined ? undefined : parseTimestamp(options.until, { now, flag: 'until' }),
    tail: tailCount(options.tail),
  };
  const { Type } = record.HostConfig.LogConfig;
  if (Type === 'none') {
    throw new EngineError('ERR_LOG_DRIVER', 'Configured logging driver does not support reading', {
      hint: 'The container was created with --log-driver none',
    });
  }
  const isAlive = (): boolean => isRunning(ctx, record.Id);
  const query = { ...defined(range), ...(options.follow ? { isAlive } : {}), ...defined({ signal: options.signal }) };
  if (Type !== 'journald') return readLog(containerLogPath(ctx, record.Id), query, visit);
  const { readJournal } = await import('../runtime/journal-reader.ts');
  return readJournal({ ...query, containerId: record.Id, env: ctx.env, attrs: logAttributes(record) }, visit);
}

function tailCount(tail = 'all'): number | undefined {
  if (tail === 'all' || /^-\d+$/.test(tail)) return undefined;
  if (/^\d+$/.test(tail)) return Number(tail);
  throw new EngineError('ERR_BAD_OPTION', `Invalid value "${tail}" for --tail: it must be a number or "all"`);
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
