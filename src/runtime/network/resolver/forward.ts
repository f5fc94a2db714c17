// Questions that are not ours, handed to name servers one after another: the next one when a server is silent, not there, or says that it
// cannot. A server that was silent comes last for a while, so that only the first to ask waits for it. The number of questions under way
// is bounded, for each is a descriptor.
import { exchange, type NoAnswer, type Transport } from './exchange.ts';
import { idOf, rcodeOf } from './header.ts';

export interface ForwardOptions {
  /** Asked anew for each question. */
  servers: () => readonly string[];
  /** Default 53; for tests with servers of their own. */
  port?: number;
  /** How long one server is waited for, each round in its turn; a client waits 5 seconds. */
  roundsMs?: readonly number[];
  /** How long a silent one comes last. */
  avoidMs?: number;
}

export type Forward = (message: Uint8Array, transport: Transport) => Promise<Buffer | undefined>;

const ROUNDS_MS = [1500, 3000];
const AVOID_MS = 10_000;
/** Together for a question, however many servers there are. */
const TOTAL_MS = 9000;
const MOST_UNDER_WAY = 200;
const MOST_WAITING = 2000;

/** rcodes with which a server says that it cannot tell: SERVFAIL, NOTIMP, REFUSED. */
const CANNOT = new Set([2, 4, 5]);

/** A function that gives the answer as it came, under the question's id; undefined when nobody answered in time. Never throws. */
export function forwarder({ servers, port = 53, roundsMs = ROUNDS_MS, avoidMs = AVOID_MS }: ForwardOptions): Forward {
  const avoidedUntil = new Map<string, number>();
  const places = limit({ underWay: MOST_UNDER_WAY, waiting: MOST_WAITING });
  return async (message, transport) => {
    const began = performance.now();
    if (!(await places.take())) return undefined;
    try {
      let excuse: Buffer | undefined;
      for (const roundMs of roundsMs) {
        for (const server of inOrder()) {
          const left = TOTAL_MS - (performance.now() - began);
          if (left <= 0) return excuse;
          const answer = await exchange({ server, port, transport, message, timeoutMs: Math.min(roundMs, left) });
          note(server, answer);
          if (typeof answer === 'string') continue;
          if (!CANNOT.has(rcodeOf(answer, idOf(message)) ?? 0)) return answer;
          excuse = answer;
        }
        if (excuse) return excuse;
      }
      return undefined;
    } finally {
      places.free();
    }
  };

  function inOrder(): string[] {
    const now = performance.now();
    const isAvoided = (server: string): boolean => (avoidedUntil.get(server) ?? 0) > now;
    const all = servers();
    return [...all.filter((server) => !isAvoided(server)), ...all.filter(isAvoided)];
  }

  function note(server: string, answer: Buffer | NoAnswer): void {
    if (typeof answer !== 'string') avoidedUntil.delete(server);
    else avoidedUntil.set(server, performance.now() + avoidMs);
  }
}

function limit({ underWay, waiting }: { underWay: number; waiting: number }): { take: () => Promise<boolean>; free: () => void } {
  let taken = 0;
  const queue: (() => void)[] = [];
  return {
    async take() {
      if (taken >= underWay) {
        if (queue.length >= waiting) return false;
        await new Promise<void>((resolve) => queue.push(resolve));
      }
      taken++;
      return true;
    },
    free() {
      taken--;
      queue.shift()?.();
    },
  };
}
