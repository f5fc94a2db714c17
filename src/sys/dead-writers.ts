// New files and folders lie beside what they will replace, named `….tmp-PID…`, until a rename: who is killed before it leaves them there, in folders of
// the user's that no sweep of the store reaches. The next one to write to the same place takes them away.
// Trap: the process is looked for in this pid namespace; whoever writes to one place from two at once may lose the unfinished file of one.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startTime } from './process.ts';

/** Removes what writers that are dead by now left in `folder`. `isOurs` is given the name in front of `.tmp-`. */
export function sweepDeadWriters(folder: string, isOurs: (start: string) => boolean): void {
  for (const name of namesIn(folder)) {
    const [, start, pid] = /^(.*)\.tmp-(\d+)(?:-[0-9a-z]+)?$/s.exec(name) ?? [];
    if (start === undefined || !isOurs(start) || startTime(Number(pid)) !== undefined) continue;
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
