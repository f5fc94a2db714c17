// Keeps the build cache below its cap, after a build that added to it. By what is noted of sizes, so that nothing but records is read.
import type { Ctx } from '../sys/context.ts';
import { chooseToEvict, evict } from './build-cache-evict.ts';
import { freeBytes, measureMounts, notedItems } from './build-cache-sizes.ts';
import { trimSlots } from './build-cache-slots.ts';
import { sweep } from './sweep.ts';

/** How long sizes of cache mounts may be measured for. */
const MEASURE_MS = 200;

/** `maxBytes`: infinite is no cap. */
export function trimCache(ctx: Ctx, maxBytes: number): void {
  trimSlots(ctx);
  if (maxBytes === Number.POSITIVE_INFINITY) return;
  measureMounts(ctx, MEASURE_MS);
  const items = notedItems(ctx);
  if (items.reduce((sum, { size }) => sum + size, 0) <= maxBytes) return;
  // 0 would be no limit.
  const limits = { reserved: 0, maxUsed: Math.max(1, maxBytes), minFree: 0 };
  const chosen = chooseToEvict(items, { all: false, fits: () => true, limits, free: freeBytes(ctx) });
  const { released, graves } = evict(ctx, chosen);
  // What the mounts left lies in tmp/ by then, where the sweep takes it.
  if (released.length + graves.length > 0) sweep(ctx, { released: new Set(released) });
}
