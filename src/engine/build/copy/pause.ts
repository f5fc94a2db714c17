// Gives way: work that goes on in one piece would keep the output of other steps, signals and the front's end unheard.

const LONGEST_HOLD_MS = 25;

/** A function to wait for often: it lets others run every few milliseconds, and throws the signal's reason once that is aborted. */
export function createPause(signal: AbortSignal): () => Promise<void> {
  let restedMs = performance.now();
  return async () => {
    if (performance.now() - restedMs < LONGEST_HOLD_MS) return;
    await Bun.sleep(0);
    signal.throwIfAborted();
    restedMs = performance.now();
  };
}
