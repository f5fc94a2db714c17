// One HTTP exchange with all that a registry needs: redirects by hand, retries, deadlines. Authorization belongs to the origin it was
// made for and is dropped at the first redirect elsewhere (fetch's own redirects would carry it along). Only http and https
// are followed: fetch would open file: and data: too. Nothing steps down from https to http unless the registry is insecure.
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { type Answer, createAnswer, stalled } from './answer.ts';
import { networkFailure, shownUrl } from './failure.ts';
import { backOffMs, isRetryableError, isRetryableStatus, LONGEST_WAIT_MS, MOST_TRIES, pause, retryAfterMs } from './retry.ts';

export interface HttpRequest {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  /** A function makes the body anew for each try; its length is then in the headers, and its silence does not count as the server's. */
  body?: string | Uint8Array | (() => AsyncIterable<Uint8Array>);
  signal?: AbortSignal | undefined;
  /** How often it is tried in all; default: the transport's. */
  tries?: number;
}

/** PEM texts. */
export interface TlsFiles {
  /** Certificate authorities to check against; undefined: the runtime's own. */
  ca?: string | undefined;
  /** What the server may ask of us: a certificate and its key. */
  cert?: string | undefined;
  key?: string | undefined;
}

export interface TransportOptions {
  tls?: TlsFiles;
  /** The registry may be spoken to without TLS, or with a certificate that cannot be checked. */
  isInsecure?: boolean;
  /** Silence after which a server is given up, milliseconds. */
  stallMs?: number;
  /** How often a request is tried in all; default 5. */
  tries?: number;
  /** Waiting and dice, replaced in tests. */
  pause?: typeof pause;
  random?: () => number;
}

export interface Transport {
  /**
   * Sends the request and returns the final answer, any status. Throws an EngineError when no answer comes: ERR_NO_SUCH_HOST,
   * ERR_NO_NETWORK, ERR_CONNECTION_REFUSED, ERR_CONNECTION_LOST, ERR_TLS, ERR_STALLED, ERR_REDIRECT, ERR_RATE_LIMITED.
   */
  send(request: HttpRequest): Promise<Answer>;
}

const STALL_MS = 30_000;
const MOST_SILENT_TRIES = 2;

/** How long a registry may be silent, milliseconds; SKIFF_STALL_TIMEOUT gives seconds. */
export function stallTimeoutMs(env: Readonly<Record<string, string | undefined>>): number {
  const seconds = Number(env.SKIFF_STALL_TIMEOUT);
  return seconds > 0 ? seconds * 1000 : STALL_MS;
}

const MOST_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export function createTransport(options: TransportOptions = {}): Transport {
  const { isInsecure = false, stallMs = STALL_MS, random = Math.random } = options;
  const wait = options.pause ?? pause;
  const tls = tlsOptions(options.tls, isInsecure);

  return { send };

  async function send(request: HttpRequest): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const result = await follow(request).catch((error: unknown) => ({ error: asFailure(error, request) }));
      request.signal?.throwIfAborted();
      const most = request.tries ?? options.tries ?? MOST_TRIES;
      const isLast = attempt >= most;
      if ('error' in result) {
        // Silence has cost its whole deadline each time.
        const isSilent = result.error.code === 'ERR_STALLED' && attempt >= Math.min(most, MOST_SILENT_TRIES);
        if (isLast || isSilent || !isRetryableError(retryCode(result.error))) throw result.error;
        await wait(backOffMs(attempt, random), request.signal);
        continue;
      }
      if (isLast || !isRetryableStatus(result.status)) return result;
      await wait(waitFor(result, attempt), request.signal);
    }
  }

  function waitFor(answer: Answer, attempt: number): number {
    answer.cancel();
    const asked = retryAfterMs(answer.headers.get('retry-after'), Date.now());
    if (asked !== undefined && asked > LONGEST_WAIT_MS) throw rateLimited(answer.url, asked);
    return Math.max(asked ?? 0, asked === undefined ? backOffMs(attempt, random) : 0);
  }

  async function follow(request: HttpRequest): Promise<Answer> {
    let url = request.url;
    const headers = new Headers(request.headers);
    for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
      const answer = await exchange(url, headers, request);
      const location = REDIRECTS.has(answer.status) ? answer.headers.get('location') : null;
      if (location === null) return answer;
      answer.cancel();
      const next = nextUrl(location, url);
      if (new URL(next).origin !== new URL(url).origin) headers.delete('authorization');
      url = next;
    }
    throw new EngineError('ERR_REDIRECT', `stopped after ${MOST_REDIRECTS} redirects of ${shownUrl(request.url)}`, {
      hint: "The registry's own set-up is broken; tell its owner",
    });
  }

  function nextUrl(location: string, from: string): string {
    const next = URL.parse(location, from);
    const isWeb = next?.protocol === 'https:' || next?.protocol === 'http:';
    const stepsDown = next?.protocol === 'http:' && from.startsWith('https:') && !isInsecure;
    if (next && isWeb && !stepsDown) return next.href;
    throw new EngineError(
      'ERR_REDIRECT',
      `Refused a redirect of ${shownUrl(from)} to ${next ? `"${next.protocol}//${next.host}"` : 'no address'}`,
      {
        hint: stepsDown
          ? 'It would leave TLS; trust the registry with SKIFF_INSECURE_REGISTRIES if you must'
          : 'The registry or a proxy before it misbehaves',
      },
    );
  }

  async function exchange(url: string, headers: Headers, request: HttpRequest): Promise<Answer> {
    const controller = new AbortController();
    const abort = (reason: unknown): void => controller.abort(reason);
    const onAbort = (): void => abort(request.signal?.reason);
    request.signal?.throwIfAborted();
    request.signal?.addEventListener('abort', onAbort, { once: true });
    const onEnd = (): void => request.signal?.removeEventListener('abort', onAbort);
    const arm = (): Timer => setTimeout(() => abort(stalled(url, stallMs)), stallMs);
    let deadline = arm();
    const onTaken = (): void => {
      clearTimeout(deadline);
      deadline = arm();
    };
    try {
      const response = await fetch(url, {
        method: request.method ?? 'GET',
        headers,
        body: typeof request.body === 'function' ? counted(request.body(), onTaken) : request.body,
        redirect: 'manual',
        signal: controller.signal,
        // Digests are over the bytes as sent; what a server compresses on its own account must not be undone.
        decompress: false,
        timeout: false,
        ...(tls ? { tls } : {}),
      } as RequestInit);
      return createAnswer(response, { url, abort, stallMs, onEnd });
    } catch (error) {
      onEnd();
      throw networkFailure(error, url);
    } finally {
      clearTimeout(deadline);
    }
  }
}

function tlsOptions(tls: TlsFiles | undefined, isInsecure: boolean): Record<string, unknown> | undefined {
  const given = Object.entries({ ...tls, ...(isInsecure ? { ca: undefined } : {}) }).filter(([, text]) => text !== undefined);
  if (given.length === 0 && !isInsecure) return undefined;
  return { ...Object.fromEntries(given), ...(isInsecure ? { rejectUnauthorized: false } : {}) };
}

/** What is sent, with a word whenever the connection takes some of it. */
async function* counted(body: AsyncIterable<Uint8Array>, onTaken: () => void): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of body) {
    onTaken();
    yield chunk;
  }
  onTaken();
}

// An abort by the user must not be dressed up as a network failure.
function asFailure(error: unknown, request: HttpRequest): EngineError {
  request.signal?.throwIfAborted();
  return networkFailure(error, request.url);
}

function retryCode(error: EngineError): string | undefined {
  return isRetryableError(error.code) ? error.code : errnoOf(error.cause);
}

function rateLimited(url: string, waitMs: number): EngineError {
  const minutes = Math.ceil(waitMs / 60_000);
  return new EngineError('ERR_RATE_LIMITED', `toomanyrequests: ${new URL(url).host} asks to wait ${minutes} minutes`, {
    hint: 'Wait, or log in (skiff login): known users may pull more',
  });
}
