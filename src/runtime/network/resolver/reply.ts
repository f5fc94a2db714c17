// One message in, one message out: ours if we know the name, else somebody else's, else a failure that the client understands.
// Local answers come at once, so a slow server outside keeps nobody from their peers.
import type { Transport } from './exchange.ts';
import { type LocalKnowledge, localAnswer, shuffleInPlace } from './local-answer.ts';
import { answer, fitUdp, type Query, readQuery, refusal } from './message.ts';

export interface ReplyOptions {
  knowledge: () => Omit<LocalKnowledge, 'shuffle'>;
  /** Asks others; undefined when there is no answer. */
  outside: (query: Query, transport: Transport) => Promise<Buffer | undefined>;
  /** Told of the addresses of each answer of ours, and waited for, before the client gets it. */
  onLocal?: (name: string, addresses: string[]) => Promise<void>;
}

export type Reply = (message: Uint8Array, transport: Transport) => Promise<Buffer | undefined>;

/** A function from what a client sent to what it gets; undefined for what deserves no answer. Never throws. */
export function replier(options: ReplyOptions): Reply {
  return async (message, transport) => {
    const query = readQuery(message);
    if (!query) return undefined;
    if ('rcode' in query) return refusal(message, query.rcode);
    const records = localAnswer(query, { ...options.knowledge(), shuffle: shuffleInPlace });
    if (!records) return (await options.outside(query, transport)) ?? answer(query, { rcode: 'SERVFAIL' });
    const addresses = records.flatMap(({ type, data }) => (type === 'PTR' ? [] : [data]));
    if (addresses.length > 0) await options.onLocal?.(query.name, addresses);
    const whole = answer(query, { records });
    return transport === 'udp' ? fitUdp(whole, query) : whole;
  };
}
