// Who is on the joined networks at this moment. The folder of each network's members is looked at when a question comes (one stat each) and
// read again when it changed: so a container that joins or leaves is seen at the next question, and an idle resolver costs nothing.
// Whether a container still lives is asked of its lock when it is about to be named. Questions that come in a burst share one look.
import { statSync } from 'node:fs';
import { containerLockPath } from '../../../storage/layout.ts';
import { listMembers, memberWatchFolder } from '../../../storage/network-members.ts';
import type { Ctx } from '../../../sys/context.ts';
import { isLocked } from '../../../sys/lock.ts';
import type { LocalKnowledge } from './local-answer.ts';
import { type NameTable, nameTable } from './names.ts';

const FRESH_MS = 10;

/** Changes are told by a clock that ticks coarsely: what was written this short before it was read may be written again unseen. */
const SETTLED_MS = 50;

export interface MembersOptions {
  ctx: Pick<Ctx, 'paths'>;
  /** Not asked about: it is who asks. */
  containerId: string;
  networks: () => readonly string[];
  /** How long a look holds; default 10 ms. */
  freshMs?: number;
}

/** A function that gives what is known now. Cheap when nothing changed. */
export function memberKnowledge({ ctx, containerId, networks, freshMs = FRESH_MS }: MembersOptions): () => Omit<LocalKnowledge, 'shuffle'> {
  let seen: string | undefined;
  let table: NameTable = nameTable([]);
  let joined: readonly string[] = [];
  let lookedAt = Number.NEGATIVE_INFINITY;
  const alive = new Map<string, boolean>();
  const isAlive: LocalKnowledge['isAlive'] = ({ member: { ContainerId: id } }) => {
    if (id === containerId) return true;
    const known = alive.get(id) ?? isLocked(containerLockPath(ctx, id));
    alive.set(id, known);
    return known;
  };
  return () => {
    const now = performance.now();
    if (now - lookedAt < freshMs && joined === networks()) return { table, isAlive };
    lookedAt = now;
    alive.clear();
    joined = networks();
    const mark = markOf(joined.map((network) => memberWatchFolder(ctx, network)));
    if (mark === undefined || mark !== seen) {
      table = nameTable(joined.map((network) => ({ network, members: listMembers(ctx, network) })));
      seen = mark;
    }
    return { table, isAlive };
  };
}

// Undefined: not settled yet, to be read again next time.
function markOf(folders: readonly string[]): string | undefined {
  let mark = '';
  for (const folder of folders) {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs < SETTLED_MS) return undefined;
    mark += stats ? `${folder} ${stats.ino} ${stats.mtimeMs}\n` : `${folder} -\n`;
  }
  return mark;
}
