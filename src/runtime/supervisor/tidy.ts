// When the supervisor collects garbage: a while after something happened, and never without. The runtime's own timer would do so twice a
// minute as long as the container lives (so it is switched off by whom starts a supervisor), which a machine of idle containers feels.

/** Switches the runtime's timer off: for the environment of a supervisor. */
export const TIDIES_ITSELF = { BUN_GC_TIMER_DISABLE: '1' } as const;

const AFTER_MS = 5000;
/** Compiled code is given back, too, most of which was for the start; what goes on is soon compiled again, and should not be each time. */
const SHRINK_EVERY_MS = 600_000;

let isDue = false;
let shrunkMs = Number.NEGATIVE_INFINITY;

/** Something happened that leaves garbage. Cheap: called for each piece of output. */
export function stirred(): void {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    Bun.gc(true);
    if (performance.now() - shrunkMs < SHRINK_EVERY_MS) return;
    shrunkMs = performance.now();
    Bun.shrink();
  }, AFTER_MS).unref();
}
