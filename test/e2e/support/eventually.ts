// Waits for something to become true without betting on how long it takes.

/** Calls `look` until it returns something other than undefined or false. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 30_000,
): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > until) throw new Error(`This did not come true within ${timeoutMs} ms: ${what}`);
    await Bun.sleep(50);
  }
}
