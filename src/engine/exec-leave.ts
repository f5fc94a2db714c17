// Leaving a command that `exec` runs on a terminal, by the detach keys: it goes on, as with Docker. Its terminal's master was ours, and a
// terminal without a master hangs its command up, so a cat(1) keeps it, and what is printed from now on is nobody's. The runtime, which
// would stay only to hear the exit code, is ended, and the supervisor becomes the command's parent and records its end.
import { childrenOf, kill } from '../sys/process.ts';
import { SIGKILL } from '../sys/signals.ts';

export interface LeftExec {
  /** The terminal's master. */
  master: number;
  /** The runtime, or nsenter(1) with the runtime as its child. */
  child: Bun.Subprocess;
  /** nsenter entered a pid namespace, for which it has to fork; without one nobody but the runtime can be the command's parent. */
  isForked: boolean;
  env: Record<string, string>;
}

/** Lets the command go on without us. */
export function leaveExec({ master, child, isForked, env }: LeftExec): void {
  Bun.spawn(['cat'], { stdio: [master, 'ignore', 'ignore'], detached: true, cwd: '/', env }).unref();
  if (isForked) for (const pid of [...childrenOf(String(child.pid)), child.pid]) kill(pid, SIGKILL);
}
