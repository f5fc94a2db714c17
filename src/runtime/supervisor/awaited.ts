// The ends of containers in a process that has other children as well, of whoever's making (a build's worker): only those that somebody
// waits for are reaped, by their names. Other orphans stay zombies until the process ends, which is soon.
import { childrenOf, hasChildren, kill, reap } from '../../sys/process.ts';
import { SIGKILL } from '../../sys/signals.ts';
import type { Orphans } from './orphans.ts';

const PAUSE_MS = 5;
const END_ROUNDS = 200;

/** To be called once in a process. */
export function awaitChildren(): Orphans {
  const waiting = new Map<number, (code: number) => void>();
  const collect = (): void => {
    for (const [pid, settle] of waiting) {
      const dead = reap(pid);
      if (!dead) continue;
      waiting.delete(pid);
      settle(dead.code);
    }
  };
  process.on('SIGCHLD', collect);
  return {
    ours: () => undefined,
    notOurs: () => undefined,
    exitOf: (pid) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      waiting.set(pid, resolve);
      collect();
      return promise;
    },
    endAll: async () => {
      for (let round = 0; round < END_ROUNDS && hasChildren(); round++) {
        const children = childrenOf('self');
        if (children.length === 0) return;
        // The children of those that die become ours, and are next.
        for (const pid of children) {
          kill(pid, SIGKILL);
          reap(pid);
        }
        await Bun.sleep(PAUSE_MS);
        collect();
      }
    },
  };
}
