// Times as Go's time.Time prints them: `2026-11-21 20:23:11 +0100 CET`. JavaScript knows the offset but not the short name of the
// zone, so the name comes from the zone file (RFC 8536), whose types pair offsets with abbreviations.
import { readFileSync } from 'node:fs';

type Env = Readonly<Record<string, string | undefined>>;

/** Prints times (milliseconds) in the local zone, to the second. The zone file is read once, when the first time is printed. */
export function timeFormatter(env: Env): (time: number) => string {
  let names: Map<number, string> | undefined;
  return (time) => {
    const east = -new Date(time).getTimezoneOffset();
    const local = new Date(time + east * 60_000).toISOString();
    const offset = `${east < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`;
    names ??= zoneNames(zonePath(env));
    return `${local.slice(0, 10)} ${local.slice(11, 19)} ${offset} ${names.get(east * 60) ?? (east === 0 ? 'UTC' : offset)}`;
  };
}

/** RFC 3339 with all nine decimals in the local zone, of nanoseconds since 1970: `2026-11-21T20:23:11.000000000+01:00`. */
export function fixedTime(nanoseconds: bigint): string {
  const time = Number(nanoseconds / 1_000_000n);
  const east = -new Date(time).getTimezoneOffset();
  const local = new Date(time + east * 60_000).toISOString();
  const zone = east === 0 ? 'Z' : `${east < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(east) / 60))}:${two(Math.abs(east) % 60)}`;
  return `${local.slice(0, 19)}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}${zone}`;
}

/** RFC 3339 to the second in the local zone, of milliseconds since 1970: `2026-11-21T20:23:11+01:00`. */
export function localTime(time: number): string {
  return fixedTime(BigInt(Math.floor(time)) * 1_000_000n).replace(/\.\d+/, '');
}

function zonePath(env: Env): string {
  const zone = env.TZ?.replace(/^:/, '');
  if (zone === undefined) return '/etc/localtime';
  return zone.startsWith('/') ? zone : `/usr/share/zoneinfo/${zone || 'UTC'}`;
}

/** Offsets in seconds east, to abbreviations. Empty when the file is not there or not a zone file. */
export function zoneNames(path: string): Map<number, string> {
  const names = new Map<number, string>();
  try {
    const file = readFileSync(path);
    if (file.toString('latin1', 0, 4) !== 'TZif') return names;
    // Version 1 data block: header of 44 bytes, then times, type indices, types, abbreviations.
    const count = (at: number): number => file.readUInt32BE(at);
    const [times, types, chars] = [count(32), count(36), count(40)];
    const first = 44 + times * 5;
    const abbreviations = file.toString('latin1', first + types * 6, first + types * 6 + chars);
    for (let type = 0; type < types; type++) {
      const at = first + type * 6;
      const start = file[at + 5] ?? 0;
      names.set(file.readInt32BE(at), abbreviations.slice(start, abbreviations.indexOf('\0', start)));
    }
    readFooter(file.toString('latin1', file.lastIndexOf('\n', file.length - 2) + 1, file.length - 1), names);
  } catch {
    // A damaged zone file costs a name, not the listing.
  }
  return names;
}

/** The POSIX TZ rule at the end (`CET-1CEST,M3.5.0,…`): the only place for names in files that carry no transitions. */
function readFooter(rule: string, names: Map<number, string>): void {
  const [, standard, west, hours] = /^(<[^>]+>|[A-Za-z]+)(([+-]?\d+)(?::\d+)*)/.exec(rule) ?? [];
  if (standard === undefined || west === undefined || hours === undefined) return;
  const [whole = 0, minutes = 0] = west.split(':').map(Number);
  const east = -(Math.abs(whole) * 3600 + minutes * 60) * (hours.startsWith('-') ? -1 : 1);
  names.set(east === 0 ? 0 : east, standard.replace(/[<>]/g, ''));
  const summer = /^(<[^>]+>|[A-Za-z]+)/.exec(rule.slice(standard.length + west.length))?.[1];
  if (summer) names.set(east + 3600, summer.replace(/[<>]/g, ''));
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
