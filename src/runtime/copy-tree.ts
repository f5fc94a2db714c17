// Copies a folder's content by cp(1), with owners, modes and xattrs, by reflink where the filesystem can. A process of its own, so that a
// supervisor answers meanwhile; who stops the container ends it, and what is half copied is the caller's to clear away.
import { SIGKILL } from '../sys/signals.ts';

export interface CopyWatch {
  /** Told of the child. */
  onSpawn(pid: number): void;
  /** Ends the copy. */
  signal: AbortSignal;
}

/** Copies what is in `source` into the folder `target`; resolves with what went wrong, or undefined. */
export async function copyTree(source: string, target: string, { onSpawn, signal }: CopyWatch): Promise<string | undefined> {
  if (signal.aborted) return 'the container was stopped';
  const child = Bun.spawn(['cp', '-a', '--reflink=auto', `${source}/.`, target], { stdio: ['ignore', 'ignore', 'pipe'] });
  onSpawn(child.pid);
  const end = (): void => child.kill(SIGKILL);
  signal.addEventListener('abort', end);
  try {
    const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
    return code === 0 ? undefined : (said.trim().split('\n')[0] ?? '');
  } finally {
    signal.removeEventListener('abort', end);
  }
}
