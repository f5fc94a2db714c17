// The outbound policy of one container at work: the rules stand before its program runs, in a namespace over which it has no rights; the
// resolver's answers open the way to the addresses of allowed names, before the container knows them.
import { type NftSite, nft } from './nft.ts';
import { type EgressRule, mayAskFor, meansName, plainName } from './rules.ts';
import { egressRuleset, hasSet, setOf, TABLE } from './ruleset.ts';

export interface EgressOptions extends NftSite {
  rules: readonly EgressRule[];
  /** Names that the container knows without asking (/etc/hosts), each with its address. */
  hosts: readonly (readonly [name: string, address: string])[];
}

export interface EgressPolicy {
  mayAsk(name: string): boolean;
  found(name: string, addresses: readonly string[], ttl: number): Promise<void>;
}

/** An answer opens the way at least this long: clients keep addresses for longer than they should. */
const LEAST_SECONDS = 300;
const GRACE_SECONDS = 240;
const MOST_SECONDS = 86_400;

/** Sets the rules; resolves when they stand. Throws ERR_NO_NFT, ERR_EGRESS_RULES (125). */
export async function openEgress({ rules, hosts, ...site }: EgressOptions): Promise<EgressPolicy> {
  const known = hosts.flatMap(([name, address]) => elements(rules, plainName(name), [address]));
  await nft(`${egressRuleset(rules)}${known.map(({ set, address }) => `add element ${TABLE} ${set} { ${address} }\n`).join('')}`, site);
  const lasting = new Set(known.map(keyOf));
  const heldUntil = new Map<string, number>();
  let waiting: string[] = [];
  let running: Promise<void> = Promise.resolve();
  const run = (): Promise<void> => {
    const text = waiting.join('');
    waiting = [];
    return text === '' ? Promise.resolve() : nft(text, site).then(() => undefined);
  };
  return {
    mayAsk: (name) => mayAskFor(rules, name),
    async found(name, addresses, ttl) {
      const seconds = Math.min(Math.max(ttl + GRACE_SECONDS, LEAST_SECONDS), MOST_SECONDS);
      const now = performance.now();
      for (const [key, until] of heldUntil) if (until < now) heldUntil.delete(key);
      const wanted = elements(rules, plainName(name), addresses).filter((element) => {
        const key = keyOf(element);
        return !lasting.has(key) && (heldUntil.get(key) ?? 0) - now < (seconds * 1000) / 2;
      });
      if (wanted.length === 0) return running.catch(() => undefined);
      for (const { set, address } of wanted) {
        // An element that is there keeps its time: so it goes and comes in one transaction.
        const element = `element ${TABLE} ${set} { ${address}`;
        waiting.push(`add ${element} }\ndelete ${element} }\nadd ${element} timeout ${Math.ceil(seconds)}s }\n`);
      }
      running = running.catch(() => undefined).then(run);
      await running;
      for (const element of wanted) heldUntil.set(keyOf(element), now + seconds * 1000);
    },
  };
}

interface Element {
  set: string;
  address: string;
}

const keyOf = ({ set, address }: Element): string => `${set} ${address}`;

function elements(rules: readonly EgressRule[], name: string, addresses: readonly string[]): Element[] {
  return rules.flatMap((rule, index) => {
    if (!hasSet(rule) || !meansName(rule, name)) return [];
    return addresses.map((address) => ({ set: setOf(index, address.includes(':') ? 6 : 4), address }));
  });
}
