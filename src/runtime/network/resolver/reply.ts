// One message in, one message out: ours if we know the name, else somebody else's, else a failure that the client understands.
// Local answers come at once, so a slow server outside keeps nobody from their peers.
import type { Transport } from './exchange.ts';
import { HEADER_BYTES } from './header.ts';
import { type LocalKnowledge, localAnswer, shuffleInPlace } from './local-answer.ts';
import { answer, fitUdp, type Query, readQuery, refusal } from './message.ts';

export interface ReplyOptions {
  knowledge: () => Omit<LocalKnowledge, 'shuffle'>;
  /** Asks others; undefined when there is no answer. */
  outside: (query: Query, transport: Transport) => Promise<Buffer | undefined>;
  /** Told of the addresses of each answer of ours, and waited for, before the client gets it. */
  onLocal?: (name: string, addresses: string[]) => Promise<void>;
}

/** At once for what we know ourselves. */
export type Reply = (message: Uint8Array, transport: Transport) => Buffer | undefined | Promise<Buffer | undefined>;

/** A function from what a client sent to what it gets; undefined for what deserves no answer. Never throws. */
export function replier(options: ReplyOptions): Reply {
  return (message, transport) => {
    try {
      return replyTo(message, transport, options);
    } catch {
      // No descriptor left to look for members with, say: the next question may find one.
      return message.length < HEADER_BYTES ? undefined : refusal(message, 'SERVFAIL');
    }
  };
}

function replyTo(message: Uint8Array, transport: Transport, { knowledge, outside, onLocal }: ReplyOptions): ReturnType<Reply> {
  const query = readQuery(message);
  if (!query) return undefined;
  if ('rcode' in query) return refusal(message, query.rcode);
  const records = localAnswer(query, { ...knowledge(), shuffle: shuffleInPlace });
  if (!records) return outside(query, transport).then((found) => found ?? answer(query, { rcode: 'SERVFAIL' }));
  const whole = answer(query, { records });
  const reply = transport === 'udp' ? fitUdp(whole, query) : whole;
  const addresses = onLocal ? records.flatMap(({ type, data }) => (type === 'PTR' ? [] : [data])) : [];
  return onLocal && addresses.length > 0 ? onLocal(query.name, addresses).then(() => reply) : reply;
}
