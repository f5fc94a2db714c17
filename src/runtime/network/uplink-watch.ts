// A supervisor whose container uses the shared uplink: it is one of the users for as long, and hears of the keeper's death by the end of a FIFO, at
// no cost while nothing happens. Of all who hear of it one gets the lock and is the keeper's parent from then on. That keeper ends with this
// supervisor, as it is in its pid namespace, and is missed by the others then, who do the same; the next keeper of a command's outlives all.
import { closeSync } from 'node:fs';
import { recordEvent } from '../../storage/events.ts';
import { networkId } from '../../storage/network-id.ts';
import type { Ctx } from '../../sys/context.ts';
import { untilFifoEnds } from '../../sys/fifo-end.ts';
import { tryLock } from '../../sys/lock.ts';
import { SHARED_NETNS_FD } from './shared-netns.ts';
import { spawnKeeper } from './uplink-keeper.ts';
import { openUsers, readUplink, type Uplink, writeUplink } from './uplink-record.ts';

const PATIENCE_MS = 5000;
const PAUSE_MS = 20;
const PAUSE_MAX_MS = 1000;

/** Uses the uplink until the returned function is called. `onSpawn` is told of each child. */
export function useUplink(ctx: Ctx, uplink: Uplink, onSpawn: (pid: number) => void): () => void {
  const { places } = uplink;
  const users = openUsers(places);
  let isOver = false;
  let leave: () => void = () => undefined;
  const watch = async (): Promise<void> => {
    for (let pauseMs = PAUSE_MS; !isOver; ) {
      const begunMs = performance.now();
      const end = untilFifoEnds(places.alive);
      leave = end.cancel;
      await end.reached;
      if (isOver) return;
      if (await takeOver(ctx, uplink, onSpawn)) continue;
      // Another one does, or has just done it.
      pauseMs = performance.now() - begunMs > PAUSE_MAX_MS ? PAUSE_MS : Math.min(pauseMs * 2, PAUSE_MAX_MS);
      await Bun.sleep(pauseMs);
    }
  };
  watch().catch(() => undefined);
  return () => {
    isOver = true;
    leave();
    closeSync(users);
  };
}

/** Whether a keeper of ours runs now. */
async function takeOver(ctx: Ctx, { places }: Uplink, onSpawn: (pid: number) => void): Promise<boolean> {
  const lock = tryLock(places.lock);
  if (!lock) return false;
  try {
    const { keeper: _, ...record } = readUplink(places) ?? {};
    if (!('pasta' in record) || !record.pasta) return false;
    const { child, isUp } = spawnKeeper(ctx, { enter: [], places, pasta: record.pasta, netns: SHARED_NETNS_FD, lock: lock.fd });
    onSpawn(child.pid);
    if (!(await isUp(PATIENCE_MS))) return false;
    writeUplink(places, { ...record, isReady: true });
    const Actor = { ID: networkId('bridge'), Attributes: { name: 'bridge', type: 'bridge' } };
    recordEvent(ctx, { Type: 'network', Action: 'uplink_restart', Actor });
    return true;
  } finally {
    lock.release();
  }
}
