// A response whose body is read with a stall deadline: a server that sends nothing for so long is given up, whatever the whole takes.
// Bodies are handed on chunk by chunk to a synchronous receiver, which is what holds the sender back; the time the
// receiver takes does not count. A connection that ends before its Content-Length is an error, never an end.
import { EngineError } from '../../sys/errors.ts';
import { networkFailure } from './failure.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Where it came from in the end, after redirects. */
  readonly url: string;
  /** Gives the body to `onChunk`. What `onChunk` throws ends the transfer and is thrown. */
  read(onChunk: (chunk: Uint8Array) => void): Promise<void>;
  /** The whole body. Throws ERR_ANSWER_TOO_LARGE beyond `limit` bytes. */
  bytes(limit: number): Promise<Uint8Array>;
  /** Drops the connection. */
  cancel(): void;
}

export interface AnswerOptions {
  url: string;
  /** Ends the request, its body included. */
  abort: (reason: unknown) => void;
  stallMs: number;
  /** Called once the body is read or given up. */
  onEnd: () => void;
}

export function createAnswer(response: Response, { url, abort, stallMs, onEnd }: AnswerOptions): Answer {
  let isOver = false;
  return { status: response.status, headers: response.headers, url, read, bytes, cancel };

  async function read(onChunk: (chunk: Uint8Array) => void): Promise<void> {
    if (!response.body) return end();
    let lastMs = performance.now();
    const watch = setInterval(
      () => {
        if (performance.now() - lastMs > stallMs) abort(stalled(url, stallMs));
      },
      Math.min(1000, stallMs / 2),
    );
    let thrown: { error: unknown } | undefined;
    try {
      for await (const chunk of response.body) {
        try {
          onChunk(chunk);
        } catch (error) {
          thrown = { error };
          throw error;
        }
        lastMs = performance.now();
      }
      end();
    } catch (error) {
      cancel();
      throw thrown ? thrown.error : networkFailure(error, url);
    } finally {
      clearInterval(watch);
    }
  }

  async function bytes(limit: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let size = 0;
    await read((chunk) => {
      size += chunk.length;
      if (size > limit) throw tooLarge(url, limit);
      parts.push(chunk);
    });
    return Buffer.concat(parts);
  }

  function cancel(): void {
    if (isOver) return;
    abort(new EngineError('ERR_CANCELLED', 'The transfer was given up'));
    end();
  }

  function end(): void {
    isOver = true;
    onEnd();
  }
}

export function stalled(url: string, stallMs: number): EngineError {
  return new EngineError('ERR_STALLED', `${new URL(url).host} sent nothing for ${Math.round(stallMs / 1000)} seconds`, {
    hint: 'Check the network, then try again: what was fetched is kept',
  });
}

function tooLarge(url: string, limit: number): EngineError {
  return new EngineError('ERR_ANSWER_TOO_LARGE', `${new URL(url).host} sent more than the ${limit} bytes that are accepted here`);
}
