// The container's init is made by the runtime, which ends at once and leaves it to us: as PID 1 (or subreaper) we are told by
// SIGCHLD. Children that Bun spawned are Bun's to reap; every other dead one is ours, or it would stay a zombie. The init may be
// dead before the runtime's end told us its pid, so how the last orphans ended is remembered.
import { childrenOf, hasChildren, kill, peekDeadChild, reap } from '../../sys/process.ts';
import { SIGKILL } from '../../sys/signals.ts';

export interface Orphans {
  /** Resolves with Docker's exit code once the orphan `pid` has died, or has died already. */
  exitOf(pid: number): Promise<number>;
  /** A child that Bun spawned: left alone. */
  ours(pid: number): void;
  /** Bun has reaped it: its number may be an orphan's one day. */
  notOurs(pid: number): void;
  /** Kills every child, Bun's too, and theirs; resolves when none is left, or when one does not die for seconds. */
  endAll(): Promise<void>;
}

/** Exits remembered: a container's init among its own orphaned children. */
const REMEMBERED = 64;
const EVERYONE = -1;
/** How often, and for how long, an orphan behind a dead child of Bun's is looked for. */
const LOOK_MS = 5;
const LOOKS = 1000;
const END_ROUNDS = 600;

/** `onStray` is told of the orphans that nobody has asked for. */
export function watchOrphans(onStray: (pid: number, code: number) => void = () => undefined): Orphans {
  const spawned = new Set<number>();
  const waiting = new Map<number, (code: number) => void>();
  const ended = new Map<number, number>();
  let looks = 0;
  let timer: Timer | undefined;
  const settle = (pid: number, code: number): void => {
    const waiter = waiting.get(pid);
    waiting.delete(pid);
    if (waiter) {
      waiter(code);
      return;
    }
    ended.set(pid, code);
    onStray(pid, code);
    const oldest = ended.size > REMEMBERED ? ended.keys().next().value : undefined;
    if (oldest !== undefined) ended.delete(oldest);
  };
  const collect = (): void => {
    // A dead child of Bun's hides those behind it until Bun reaps it, so the awaited ones are asked for by name first.
    for (const pid of waiting.keys()) {
      const dead = reap(pid);
      if (dead) settle(pid, dead.code);
    }
    for (let pid = peekDeadChild(); pid !== undefined; pid = peekDeadChild()) {
      if (spawned.has(pid)) {
        lookAgain();
        return;
      }
      const dead = reap(pid);
      if (!dead) return;
      settle(pid, dead.code);
    }
    looks = 0;
  };
  // No signal tells when Bun has reaped it, and an orphan behind it that stays a zombie keeps its whole pid namespace from ending.
  const lookAgain = (): void => {
    if (looks++ > LOOKS) return;
    clearTimeout(timer);
    timer = setTimeout(collect, LOOK_MS);
  };
  process.on('SIGCHLD', collect);
  return {
    ours: (pid) => spawned.add(pid),
    notOurs: (pid) => spawned.delete(pid),
    exitOf: (pid) => {
      const code = ended.get(pid);
      if (code !== undefined) {
        ended.delete(pid);
        return Promise.resolve(code);
      }
      const { promise, resolve } = Promise.withResolvers<number>();
      waiting.set(pid, resolve);
      collect();
      return promise;
    },
    endAll: async () => {
      for (let round = 0; round < END_ROUNDS && hasChildren(); round++) {
        if (process.pid === 1) kill(EVERYONE, SIGKILL);
        // The children of those that die become ours, and are next.
        else for (const pid of childrenOf('self')) kill(pid, SIGKILL);
        await Bun.sleep(5);
        collect();
      }
    },
  };
}
