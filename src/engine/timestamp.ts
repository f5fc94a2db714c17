// Points in time as `logs --since` and `images --filter until=` take them: a span before now (`10m`, `1h30m`), seconds since 1970 with
// decimals, a date, or RFC 3339. A date without a zone is local time.
import { EngineError } from '../sys/errors.ts';

const UNITS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const SPAN = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const DATE = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d))?(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d:\d\d)?$/;

/** `text` as nanoseconds since 1970; `flag` is named in ERR_BAD_TIME. */
export function parseTimestamp(text: string, options: { now: Date; flag: string }): bigint {
  const time = fromSpan(text, options.now) ?? fromSeconds(text) ?? fromDate(text);
  if (time !== undefined) return time;
  throw new EngineError('ERR_BAD_TIME', `invalid value for "${options.flag}": failed to parse value as time or duration: "${text}"`, {
    hint: 'Give a time such as 2024-01-02T03:04:05Z, a span such as 10m, or seconds since 1970',
  });
}

/** A Go duration (`1h30m`) in nanoseconds, or undefined. */
export function parseSpan(text: string): number | undefined {
  if (text === '0') return 0;
  if (!SPAN.test(text)) return undefined;
  const parts = text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g);
  const total = [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0);
  return text.startsWith('-') ? -total : total;
}

function fromSpan(text: string, now: Date): bigint | undefined {
  const span = text === '0' ? undefined : parseSpan(text);
  return span === undefined ? undefined : BigInt(now.getTime()) * 1_000_000n - BigInt(Math.round(span));
}

function fromSeconds(text: string): bigint | undefined {
  const [, seconds, decimals = ''] = /^(\d+)(?:\.(\d{1,9})\d*)?$/.exec(text) ?? [];
  return seconds === undefined ? undefined : BigInt(seconds) * 1_000_000_000n + BigInt(decimals.padEnd(9, '0'));
}

function fromDate(text: string): bigint | undefined {
  const [, day, hour = '00', minute = '00', second = '00', decimals = '', zone = ''] = DATE.exec(text) ?? [];
  if (day === undefined) return undefined;
  const ms = Date.parse(`${day}T${hour}:${minute}:${second}${zone}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n + BigInt(decimals.padEnd(9, '0'));
}
