// `--userns keep-id`: the container sees its caller under the caller's own id (or under another that was asked for) in place of 0. The user
// namespace that containers are in maps the caller to 0; so the container gets one within it, in which two ids change places: the kept one
// and 0. Files on bind mounts are the caller's then. The image's files, which lie on disk as those of the outer 0 and up, have to change
// places the same way, or root's would be the caller's: fuse-overlayfs shows them so. Nothing is copied, nothing is chowned.
// Trap: an exchange is its own inverse, so it does not matter which way a map is read; any other map would.
import { readFileSync } from 'node:fs';
import { EngineError } from '../sys/errors.ts';
import type { IdMap } from './idmap.ts';
import { mappedIds } from './spec/host-facts.ts';

/** Ids in the container. */
export interface KeptIds {
  uid: number;
  gid: number;
}

/** How many ids the user namespace has, from 0 up. */
export interface IdCounts {
  uids: number;
  gids: number;
}

/** What `keep-id:uid=N,gid=N` keeps, as the record has it; undefined for every other mode, and where the kept ids are 0: nothing changes places. */
export function keptIds(mode: string | undefined): KeptIds | undefined {
  const [, uid, gid] = /^keep-id:uid=(\d+),gid=(\d+)$/.exec(mode ?? '') ?? [];
  const kept = { uid: Number(uid ?? 0), gid: Number(gid ?? 0) };
  return kept.uid === 0 && kept.gid === 0 ? undefined : kept;
}

/** The mode in full: `caller` are the ids that are kept if none are named. Throws ERR_USERNS (125). */
export function fullKeepId(mode: string, caller: KeptIds): string {
  const ids = { ...caller };
  const given = mode === 'keep-id' ? [] : mode.slice('keep-id:'.length).split(',');
  for (const option of given) {
    const [, name, value] = /^(uid|gid)=(\d+)$/.exec(option) ?? [];
    if ((name !== 'uid' && name !== 'gid') || Number(value) >= MAX_ID) {
      throw new EngineError('ERR_USERNS', `Invalid option "${option}" of --userns keep-id`, {
        hint: 'Write it as keep-id:uid=1000,gid=1000',
        exitCode: 125,
      });
    }
    ids[name] = Number(value);
  }
  return `keep-id:uid=${ids.uid},gid=${ids.gid}`;
}

/** The last one means "no id". */
const MAX_ID = 0xffffffff;

/** The map of the container's namespace within ours, whose ids go from 0 to `count` - 1. */
export function containerMap(kept: number, count: number): IdMap[] {
  return exchanged(kept, count);
}

/** Whether the container has the id. */
export function hasId(id: number, kept: number, count: number): boolean {
  return id === kept || id < (kept >= count ? count - 1 : count);
}

/** fuse-overlayfs's options for `kept`. */
export function fuseMapping(kept: KeptIds, counts: IdCounts): string[] {
  const text = (id: number, count: number): string =>
    exchanged(Math.min(id, count - 1), count)
      .map((range) => range.join(':'))
      .join(':');
  return [`uidmapping=${text(kept.uid, counts.uids)}`, `gidmapping=${text(kept.gid, counts.gids)}`];
}

/** The id in our namespace of the container's `id`. */
export function outerId(id: number, kept: number, count: number): number {
  if (id === kept) return 0;
  return id === 0 ? Math.min(kept, count - 1) : id;
}

export interface IdExchange {
  /** The ids in our namespace of the container's ids. */
  outer(ids: KeptIds): KeptIds;
  /** The container's ids of those in our namespace. */
  inner(ids: KeptIds): KeptIds;
}

/** For who reads and writes a container's files in our namespace; undefined where both sides have the same ids. */
export function idExchange(mode: string | undefined, counts: () => IdCounts = ownIdCounts): IdExchange | undefined {
  const kept = keptIds(mode);
  if (!kept) return undefined;
  const { uids, gids } = counts();
  return {
    outer: ({ uid, gid }) => ({ uid: outerId(uid, kept.uid, uids), gid: outerId(gid, kept.gid, gids) }),
    inner: ({ uid, gid }) => ({ uid: innerId(uid, kept.uid, uids), gid: innerId(gid, kept.gid, gids) }),
  };
}

function innerId(id: number, kept: number, count: number): number {
  if (id === 0) return kept;
  return id === Math.min(kept, count - 1) ? 0 : id;
}

export interface OuterUser {
  uid: number;
  gid: number;
  additionalGids: number[];
  isRoot: boolean;
}

/** A container's user, in the ids that we see its files under. */
export function outerUser(
  { uid, gid, additionalGids = [] }: KeptIds & { additionalGids?: readonly number[] },
  kept: KeptIds | undefined,
  counts: IdCounts,
): OuterUser {
  const isRoot = uid === 0;
  if (!kept) return { uid, gid, additionalGids: [...additionalGids], isRoot };
  const group = (id: number): number => outerId(id, kept.gid, counts.gids);
  return { uid: outerId(uid, kept.uid, counts.uids), gid: group(gid), additionalGids: additionalGids.map(group), isRoot };
}

// A kept id beyond our ids takes the place of our last one, which the container then has not.
function exchanged(kept: number, count: number): IdMap[] {
  const place = Math.min(kept, count - 1);
  // A range has to lie in one range of our own map, in which 0, the caller, is one by itself.
  const ranges: IdMap[] =
    kept === 0
      ? [
          [0, 0, 1],
          [1, 1, count - 1],
        ]
      : [
          [0, place, 1],
          [1, 1, place - 1],
          [kept, 0, 1],
          [place + 1, place + 1, count - place - 1],
        ];
  return ranges.filter(([, , length]) => length > 0);
}

/** Of the namespace that this process is in. */
export function ownIdCounts(): IdCounts {
  const count = (file: string): number => mappedIds(readFileSync(`/proc/self/${file}`, 'utf8'));
  return { uids: count('uid_map'), gids: count('gid_map') };
}

/** The ids outside of our namespace that are 0 in it: the caller's. */
export function callerIds(): KeptIds {
  const outside = (file: string): number =>
    readFileSync(`/proc/self/${file}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .find(([inside]) => inside === 0)?.[1] ?? 0;
  return { uid: outside('uid_map'), gid: outside('gid_map') };
}
