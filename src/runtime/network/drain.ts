// What a container sent just before it ended is still in its network namespace or in pasta: killed at once, pasta would cut off the
// answer of a server that exits after it, or the end of `tar | nc`. The kernel keeps the container's closed sockets until pasta has
// acknowledged their last byte; pasta keeps its own end of a loopback connection until it has passed everything on.
const PAUSE_MS = 10;
/** A peer that reads nothing holds us no longer than this. */
const STALLED_MS = 500;
/** One that reads slowly, no longer than this. */
const LIMIT_MS = 10_000;

// FIN_WAIT1, LAST_ACK, CLOSING: closed by the container's program, not acknowledged. CLOSE_WAIT: pasta's end of such a socket.
const UNDELIVERED = new Set(['04', '08', '09', '0B']);

/** Resolves when the namespace whose TCP sockets `sockets` lists has nothing left to deliver, or nothing moves any more. */
export async function drain(sockets: () => string): Promise<void> {
  const began = performance.now();
  let left = undelivered(sockets());
  let movedAt = began;
  while (left) {
    const now = performance.now();
    if (now - movedAt > STALLED_MS || now - began > LIMIT_MS) return;
    await Bun.sleep(PAUSE_MS);
    const next = undelivered(sockets());
    if (next?.sockets !== left.sockets || next.bytes !== left.bytes) movedAt = performance.now();
    left = next;
  }
}

/** Such sockets and what their queues hold, of a listing as of /proc/net/tcp; undefined when there is none. */
export function undelivered(listing: string): { sockets: number; bytes: number } | undefined {
  // Columns: sl local_address rem_address st tx_queue:rx_queue …, hex.
  const found = listing
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => UNDELIVERED.has(fields[3] ?? ''));
  if (found.length === 0) return undefined;
  const queued = found.flatMap((fields) => (fields[4] ?? '').split(':')).map((queue) => Number.parseInt(queue, 16));
  return { sockets: found.length, bytes: queued.reduce((sum, bytes) => sum + bytes, 0) };
}
