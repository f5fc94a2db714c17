// One message in, one message out: ours if we know the name, else somebody else's, else a failure that the client understands.
// Local answers come at once, so a slow server outside keeps nobody from their peers.
import type { Transport } from './exchange.ts';
import { type LocalKnowledge, localAnswer, shuffleInPlace } from './local-answer.ts';
import { type AddressAnswer, answer, fitUdp, type Query, readQuery, refusal } from './message.ts';

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
    const query = readQuery(message);
    if (!query) return undefined;
    if ('rcode' in query) return refusal(message, query.rcode);
    const records = known(query, options.knowledge);
    if (records === 'failed') return answer(query, { rcode: 'SERVFAIL' });
    if (!records) return options.outside(query, transport).then((found) => found ?? answer(query, { rcode: 'SERVFAIL' }));
    const whole = answer(query, { records });
    const reply = transport === 'udp' ? fitUdp(whole, query) : whole;
    const addresses = options.onLocal ? records.flatMap(({ type, data }) => (type === 'PTR' ? [] : [data])) : [];
    return options.onLocal && addresses.length > 0 ? options.onLocal(query.name, addresses).then(() => reply) : reply;
  };
}

// No descriptor left, say: the next question may find one.
function known(query: Query, knowledge: ReplyOptions['knowledge']): AddressAnswer[] | undefined | 'failed' {
  try {
    return localAnswer(query, { ...knowledge(), shuffle: shuffleInPlace });
  } catch {
    return 'failed';
  }
}
