// Killing a process with everybody below it. They are stopped first, parents before children, so that nobody has a child in the meantime that
// is missed. One whose parent has ended before belongs to another tree by then, and is not found.
import { childrenOf, kill } from './process.ts';
import { SIGKILL, SIGSTOP } from './signals.ts';

/** Kills `pid` and its descendants, as far as our /proc shows them. */
export function killTree(pid: number): void {
  const found = new Set<number>();
  for (let fresh = [pid]; fresh.length > 0; ) {
    for (const member of fresh) {
      found.add(member);
      signalIfPossible(member, SIGSTOP);
    }
    fresh = [...found].flatMap((member) => childrenOf(String(member))).filter((child) => !found.has(child));
  }
  for (const member of found) signalIfPossible(member, SIGKILL);
}

// One that is not ours to kill must not keep the others alive.
function signalIfPossible(pid: number, signal: number): void {
  try {
    kill(pid, signal);
  } catch {
    // EPERM.
  }
}
