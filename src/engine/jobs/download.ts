// A file that a URL serves, as a descriptor to read from. The answer's body is pumped into a pipe, so who reads need not know where the bytes
// come from.
import { closeSync } from 'node:fs';
import { makeWidePipe, writeStream } from '../../sys/byte-stream.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';

const STALL_MS = 60_000;

/** Runs `work` with the read end. Throws ERR_DOWNLOAD for what goes wrong on the way, before what `work` makes of it. */
export async function withDownload(url: string, outer: AbortSignal, work: (fd: number) => Promise<void>): Promise<void> {
  const failing = new AbortController();
  const signal = AbortSignal.any([outer, failing.signal]);
  const body = await open(url, signal);
  const { read, write } = makeWidePipe();
  let failure: unknown;
  const pumping = pump(body, { url, write, signal, giveUp: () => failing.abort() }).catch((error: unknown) => {
    failure = error;
  });
  try {
    await work(read);
  } catch (error) {
    failing.abort();
    closeSync(read);
    await pumping;
    throw failure instanceof EngineError && failure.code === 'ERR_DOWNLOAD' ? failure : error;
  }
  failing.abort();
  closeSync(read);
  await pumping;
}

async function open(url: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  let answer: Response;
  try {
    answer = await fetch(url, { signal, headers: { 'user-agent': 'skiff' } });
  } catch (error) {
    signal.throwIfAborted();
    throw failed(url, messageOf(error));
  }
  if (!answer.ok || !answer.body) throw failed(url, `the server answered ${answer.status} ${answer.statusText}`.trim());
  return answer.body;
}

interface Pump {
  url: string;
  write: number;
  signal: AbortSignal;
  giveUp: () => void;
}

async function pump(body: ReadableStream<Uint8Array>, { url, write, signal, giveUp }: Pump): Promise<void> {
  const reader = body.getReader();
  let timer: Timer | undefined;
  try {
    for (;;) {
      const stalled = Promise.withResolvers<never>();
      timer = setTimeout(() => stalled.reject(failed(url, 'it stalled')), STALL_MS);
      const { done, value } = await Promise.race([reader.read(), stalled.promise]).catch((error: unknown) => {
        throw error instanceof EngineError ? error : failed(url, messageOf(error));
      });
      clearTimeout(timer);
      if (done) return;
      if (!(await writeStream(write, [Buffer.from(value)], { signal, isOurs: true }))) return;
    }
  } catch (error) {
    // Half a file must not look like a whole one.
    giveUp();
    throw error;
  } finally {
    clearTimeout(timer);
    closeSync(write);
    await reader.cancel().catch(() => undefined);
  }
}

function failed(url: string, why: string): EngineError {
  return new EngineError('ERR_DOWNLOAD', `Cannot download "${withoutSecret(url)}": ${why}`, { hint: 'Check the URL and the network' });
}

/** The URL without a password that it may hold. */
export function withoutSecret(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/]*@/, '$1').replace(/\?.*$/, '');
}
