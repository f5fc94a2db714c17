// Subordinate ids of the caller, from /etc/subuid and /etc/subgid (subuid(5)).
import { readFileSync } from 'node:fs';

/** One line of an id map: first id inside, first id outside, how many. */
export type IdMap = [inside: number, outside: number, count: number];

export type UserNamespaceStep = 'subuid' | 'root' | 'single' | 'none';

export type SubordinateIds = { uids: IdMap[]; gids: IdMap[]; count: number } | { problem: string };

/** The maps from id 1 upwards onto the user's sub-ids, or one clause that says what is missing. */
export function subordinateIds(uid: number): SubordinateIds {
  const name = userName(uid);
  const uids = mapFromOne(rangesOf('/etc/subuid', uid, name));
  const gids = mapFromOne(rangesOf('/etc/subgid', uid, name));
  const missing = uids.length === 0 ? '/etc/subuid' : gids.length === 0 ? '/etc/subgid' : undefined;
  if (missing) {
    return {
      problem: `no range for "${name}" in ${missing} (sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${name})`,
    };
  }
  return { uids, gids, count: uids.reduce((sum, [, , count]) => sum + count, 0) };
}

/** Lines `name-or-uid:first:count` of `text` that are this user's, malformed ones passed over. */
export function parseSubordinateIds(text: string, uid: number, name: string): [first: number, count: number][] {
  return text
    .split('\n')
    .map((line) => line.trim().split(':'))
    .filter((fields) => fields.length === 3 && (fields[0] === name || fields[0] === String(uid)))
    .map(([, first, count]): [number, number] => [Number(first), Number(count)])
    .filter(([first, count]) => Number.isSafeInteger(first) && Number.isSafeInteger(count) && count > 0);
}

function rangesOf(file: string, uid: number, name: string): [number, number][] {
  try {
    return parseSubordinateIds(readFileSync(file, 'utf8'), uid, name);
  } catch {
    return [];
  }
}

function mapFromOne(ranges: [number, number][]): IdMap[] {
  let inside = 1;
  return ranges.map(([first, count]): IdMap => {
    const entry: IdMap = [inside, first, count];
    inside += count;
    return entry;
  });
}

function userName(uid: number): string {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(uid));
    return line?.split(':')[0] ?? String(uid);
  } catch {
    return String(uid);
  }
}
