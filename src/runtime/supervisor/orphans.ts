// The container's init is made by `crun create`, which ends at once and leaves it to us: as PID 1 (or subreaper) we are told by
// SIGCHLD. Children that Bun spawned are Bun's to reap; every other dead one is ours, or it would stay a zombie.
import { peekDeadChild, reap } from '../../sys/process.ts';

export interface Orphans {
  /** Resolves with Docker's exit code once `pid` has died. To be called before control returns to the event loop. */
  exitOf(pid: number): Promise<number>;
  /** A child that Bun spawned: left alone. */
  ours(pid: number): void;
}

export function watchOrphans(): Orphans {
  const spawned = new Set<number>();
  const waiting = new Map<number, (code: number) => void>();
  const collect = (): void => {
    for (const [pid, settle] of waiting) {
      const dead = reap(pid);
      if (!dead) continue;
      waiting.delete(pid);
      settle(dead.code);
    }
    for (let pid = peekDeadChild(); pid !== undefined && !spawned.has(pid); pid = peekDeadChild()) reap(pid);
  };
  process.on('SIGCHLD', collect);
  return {
    ours: (pid) => spawned.add(pid),
    exitOf: (pid) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      waiting.set(pid, resolve);
      collect();
      return promise;
    },
  };
}
