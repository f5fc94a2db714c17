// When to try a request again, and after how long: exponential back-off with full jitter, or what the server asks for by Retry-After
// (RFC 9110, 10.2.3). A server that asks for more than a minute is not waited for: the user is told instead.

export const MOST_TRIES = 5;
/** Longest wait that a Retry-After may ask for, milliseconds. */
export const LONGEST_WAIT_MS = 60_000;
const FIRST_WAIT_MS = 250;
const LONGEST_BACKOFF_MS = 10_000;
const STATUSES = new Set([408, 429, 500, 502, 503, 504]);
const ERRORS = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ERR_STALLED', 'ERR_CONNECTION_LOST']);

export const isRetryableStatus = (status: number): boolean => STATUSES.has(status);
export const isRetryableError = (code: string | undefined): boolean => code !== undefined && ERRORS.has(code);

/** Milliseconds to wait before try number `attempt` (1 = the first repetition). `random` gives [0, 1). */
export function backOffMs(attempt: number, random: () => number): number {
  const ceiling = Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_BACKOFF_MS);
  return Math.round(ceiling * (0.5 + random() / 2));
}

/** What a Retry-After header asks for in milliseconds, as seconds or as an HTTP date; undefined when there is none that can be read. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = /[A-Za-z]/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

/** Waits, or throws the signal's reason as soon as it aborts. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const onAbort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
