// How long an ended container waits for those that still read it.
import type { AttachedClient } from './control.ts';

/** A client that takes nothing of what waits for it for so long is dropped once the container has ended. */
const STUCK_MS = 5000;
const STUCK_CHECK_MS = 250;

// Waits for `done` as long as anything moves: clients that have taken nothing for a while are dropped.
export async function untilOrStuck(done: Promise<unknown>, clients: ReadonlySet<AttachedClient>): Promise<void> {
  let isDone = false;
  const settled = done.then(() => {
    isDone = true;
  });
  let pending = '';
  let movedAt = performance.now();
  while (!isDone) {
    await Promise.race([settled, Bun.sleep(STUCK_CHECK_MS)]);
    const now = [...clients].map((client) => client.pendingBytes()).join(' ');
    if (now !== pending) {
      pending = now;
      movedAt = performance.now();
    } else if (performance.now() - movedAt > STUCK_MS) {
      if (clients.size === 0) return;
      for (const client of clients) client.drop();
      movedAt = performance.now();
      clients = new Set();
    }
  }
}
