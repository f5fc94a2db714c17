// Times as Go's time.Time prints them: `2026-11-21 20:23:11 +0100 CET`. JavaScript knows the offset but not the short name of the
// zone, so the name comes from the zone file (RFC 8536), whose types pair offsets with abbreviations.
import { readFileSync } from 'node:fs';

/** `time` (milliseconds) in the local zone, to the second. */
export function goTime(time: number, env: Readonly<Record<string, string | undefined>> = {}): string {
  const date = new Date(time);
  const east = -date.getTimezoneOffset();
  const local = new Date(time + east * 60_000).toISOString();
  const offset = `${east < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`;
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${offset} ${zoneName(east, env) ?? offset}`;
}

/** The abbreviation in use for `east` minutes; the last one that the zone has had wins. */
function zoneName(east: number, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const zone = env.TZ?.replace(/^:/, '');
  if (zone === '' || zone === 'UTC') return 'UTC';
  const names = zoneNames(zone === undefined ? '/etc/localtime' : zone.startsWith('/') ? zone : `/usr/share/zoneinfo/${zone}`);
  return names.get(east * 60) ?? (east === 0 ? 'UTC' : undefined);
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
