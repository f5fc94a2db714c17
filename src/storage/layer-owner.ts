// Whom files of a layer can be given to. Where the user namespace has only some ids (one, without sub-ids) a file keeps the ids it can
// have, never fails, and its true owner is written to `owners.ndjson` beside the layer: one `[path, uid, gid, mode]` a line, the path
// in base64 because names are bytes. A setuid or setgid bit goes when its owner could not be set: it would lend the wrong rights.
import { readFileSync } from 'node:fs';

export interface Granted {
  /** As seen inside the user namespace. */
  uid: number;
  gid: number;
  mode: number;
  /** A new file belongs to 0:0; this one must be given away. */
  needsChown: boolean;
}

export interface Ownership {
  grant(path: string, uid: number, gid: number, mode: number): Granted;
  /** The file's lines, '' when every owner was granted. */
  ungranted(): string;
}

interface Range {
  from: number;
  count: number;
}

const SETUID = 0o4000;
const SETGID = 0o2000;

export function createOwnership(): Ownership {
  const isRoot = process.geteuid?.() === 0;
  // Outside a user namespace a plain user's own files are what root's will be inside: the id maps put the user at 0.
  const uids = isRoot ? rangesOf('/proc/self/uid_map') : [];
  const gids = isRoot ? rangesOf('/proc/self/gid_map') : [];
  const lines: string[] = [];

  return {
    grant(path, uid, gid, mode) {
      const hasUid = uid === 0 || holds(uids, uid);
      const hasGid = gid === 0 || holds(gids, gid);
      if (!hasUid || !hasGid) lines.push(`${JSON.stringify([Buffer.from(path, 'latin1').toString('base64'), uid, gid, mode])}\n`);
      const granted = { uid: hasUid ? uid : 0, gid: hasGid ? gid : 0 };
      return {
        ...granted,
        mode: mode & ~(hasUid ? 0 : SETUID) & ~(hasGid ? 0 : SETGID),
        needsChown: granted.uid !== 0 || granted.gid !== 0,
      };
    },
    ungranted: () => lines.join(''),
  };
}

// uid_map lines: first id inside, first id outside, count (user_namespaces(7)).
function rangesOf(path: string): Range[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length === 3)
    .map(([from, , count]) => ({ from: Number(from), count: Number(count) }));
}

function holds(ranges: Range[], id: number): boolean {
  return ranges.some((range) => id >= range.from && id < range.from + range.count);
}
