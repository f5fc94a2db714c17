// What a container sent just before it ended is still in its network namespace: pasta carries it away, if it is let. Killed at once, it
// would cut off the answer of a server that exits after it, or the end of `tar | nc`. The kernel keeps such sockets, without a process,
// until pasta has acknowledged their last byte, which it does once the other side has it.
import { childEnv } from '../../sys/child-env.ts';

export interface DrainOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** A peer that does not read holds us no longer than this. Default 500. */
  limitMs?: number;
  onSpawn?: (pid: number) => void;
}

const PAUSE_MS = 10;

// FIN_WAIT1, LAST_ACK, CLOSING: closed by the program, not yet acknowledged by the peer.
const UNACKNOWLEDGED = new Set(['04', '09', '0B']);

/** Resolves when no closed socket of the namespace `netnsPath` has anything left to deliver, or after the limit. Never rejects. */
export async function drain(netnsPath: string, { env, limitMs = 500, onSpawn }: DrainOptions): Promise<void> {
  const until = performance.now() + limitMs;
  while (hasUnacknowledged(await sockets(netnsPath, env, onSpawn)) && performance.now() < until) await Bun.sleep(PAUSE_MS);
}

/** Whether a listing as of /proc/net/tcp has such a socket. Columns: sl local_address rem_address st … */
export function hasUnacknowledged(listing: string): boolean {
  return listing.split('\n').some((line) => UNACKNOWLEDGED.has(line.trim().split(/\s+/)[3] ?? ''));
}

async function sockets(netnsPath: string, env: DrainOptions['env'], onSpawn: DrainOptions['onSpawn']): Promise<string> {
  try {
    const command = ['nsenter', `--net=${netnsPath}`, 'cat', '/proc/net/tcp', '/proc/net/tcp6'];
    const child = Bun.spawn(command, { env: childEnv(env), stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' });
    onSpawn?.(child.pid);
    return await new Response(child.stdout).text();
  } catch {
    return '';
  }
}
