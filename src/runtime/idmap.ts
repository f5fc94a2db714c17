// Subordinate ids of the caller, from /etc/subuid and /etc/subgid (subuid(5)).
import { readFileSync } from 'node:fs';

/** One line of an id map: first id inside, first id outside, how many. */
export type IdMap = [inside: number, outside: number, count: number];

export type UserNamespaceStep = 'subuid' | 'root' | 'single' | 'none';

export type SubordinateIds = { uids: IdMap[]; gids: IdMap[]; count: number } | { problem: string };

/** Enough for every id that images use, `nobody` (65534) among them. */
const USUAL_COUNT = 65_536;
const FIRST_FREE = 100_000;
/** One less than there are: by a map of all ids crun and pasta would take the namespace for the machine's first, and us for its root. */
const ALMOST_ALL = 4_294_967_294;

export interface IdFiles {
  subuid: string;
  subgid: string;
  passwd: string;
}

/** The maps from id 1 upwards onto the user's sub-ids, or one clause that says what is missing and the command that mends it. */
export function subordinateIds(uid: number, files: IdFiles = readIdFiles()): SubordinateIds {
  const name = userName(files.passwd, uid);
  const uids = mapFromOne(parseSubordinateIds(files.subuid, uid, name));
  const gids = mapFromOne(parseSubordinateIds(files.subgid, uid, name));
  const missing = uids.length === 0 ? '/etc/subuid' : gids.length === 0 ? '/etc/subgid' : undefined;
  if (missing) return { problem: `no range for "${name}" in ${missing} (${addRangeCommand(name, files)})` };
  return { uids, gids, count: uids.reduce((sum, [, , count]) => sum + count, 0) };
}

/** From the text of a uid_map or gid_map: every id of that namespace, mapped to itself. */
export function identityMap(text: string): IdMap[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([inside = 0, , count = 0]): IdMap => [inside, inside, Math.min(count, ALMOST_ALL)]);
}

/** Lines `name-or-uid:first:count` of `text` that are this user's, malformed ones passed over. */
export function parseSubordinateIds(text: string, uid: number, name: string): [first: number, count: number][] {
  return entriesOf(text)
    .filter(([owner]) => owner === name || owner === String(uid))
    .map(([, first, count]): [number, number] => [first, count]);
}

// A range that someone else has would let each of the two into the other's files.
function addRangeCommand(name: string, { subuid, subgid }: IdFiles): string {
  const ends = [...entriesOf(subuid), ...entriesOf(subgid)].map(([, first, count]) => first + count);
  const first = Math.max(FIRST_FREE, ...ends);
  const range = `${first}-${first + USUAL_COUNT - 1}`;
  return `sudo usermod --add-subuids ${range} --add-subgids ${range} ${name}`;
}

function entriesOf(text: string): [owner: string, first: number, count: number][] {
  return text
    .split('\n')
    .map((line) => line.trim().split(':'))
    .filter((fields) => fields.length === 3)
    .map(([owner = '', first, count]): [string, number, number] => [owner, Number(first), Number(count)])
    .filter(([, first, count]) => Number.isSafeInteger(first) && Number.isSafeInteger(count) && count > 0);
}

function mapFromOne(ranges: [number, number][]): IdMap[] {
  let inside = 1;
  return ranges.map(([first, count]): IdMap => {
    const entry: IdMap = [inside, first, count];
    inside += count;
    return entry;
  });
}

function userName(passwd: string, uid: number): string {
  const line = passwd.split('\n').find((entry) => entry.split(':')[2] === String(uid));
  return line?.split(':')[0] ?? String(uid);
}

function readIdFiles(): IdFiles {
  return { subuid: readOr('/etc/subuid'), subgid: readOr('/etc/subgid'), passwd: readOr('/etc/passwd') };
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
