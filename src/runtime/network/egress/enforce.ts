// The outbound policy of one container put to work: rules in the kernel, a say in what the resolver answers, and events of what was denied.
import { closeSync, openSync } from 'node:fs';
import { endpointsOf } from '../../../storage/endpoint.ts';
import { recordEvent } from '../../../storage/events.ts';
import { networkId } from '../../../storage/network-id.ts';
import type { ContainerRecord } from '../../../storage/records.ts';
import type { Ctx } from '../../../sys/context.ts';
import type { NamePolicy } from '../resolver/start.ts';
import { type Denial, type Denials, shownName, watchDenials } from './denials.ts';
import type { NftSite } from './nft.ts';
import { openEgress } from './policy.ts';
import { parseEgress } from './rules.ts';

export interface EnforceSite extends NftSite {
  /** `--egress`, as given. */
  texts: readonly string[];
  /** The text of the container's /etc/hosts. */
  hosts: string;
}

export interface Enforced {
  policy: NamePolicy;
  /** Begins to record denials; `thread` is the folder below /proc of a thread in the namespace. */
  watch(thread: string): Pick<Denials, 'settled' | 'stop'>;
}

/** Resolves when the rules stand. Throws ERR_NO_NFT, ERR_EGRESS_RULES (125). */
export async function enforceEgress(ctx: Ctx, record: ContainerRecord, { texts, hosts, ...site }: EnforceSite): Promise<Enforced> {
  const { mayAsk, found } = await openEgress({ ...site, rules: parseEgress(texts), hosts: namesIn(hosts) });
  let denied: (denial: Denial) => void = () => undefined;
  return {
    policy: {
      found,
      mayAsk(name) {
        const may = mayAsk(name);
        if (!may) denied({ destination: shownName(name), protocol: 'dns' });
        return may;
      },
    },
    watch(thread) {
      const counters = ['snmp', 'snmp6'].flatMap((name) => opened(`/proc/${thread}/net/${name}`));
      const denials = watchDenials({ ...site, counters, tell: (denial) => recordDenial(ctx, record, denial) });
      denied = denials.denied;
      return {
        settled: denials.settled,
        stop() {
          denials.stop();
          for (const fd of counters.splice(0)) closeSync(fd);
        },
      };
    },
  };
}

// An open file of /proc/…/net stays with the namespace. A kernel without IPv6 has one of the two.
function opened(path: string): number[] {
  try {
    return [openSync(path, 'r')];
  } catch {
    return [];
  }
}

function namesIn(hosts: string): (readonly [string, string])[] {
  return hosts.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return names.map((name) => [name, address] as const);
  });
}

function recordDenial(ctx: Ctx, record: ContainerRecord, { destination, protocol, port }: Denial): void {
  const { Id, Name, HostConfig } = record;
  const name = HostConfig.NetworkMode;
  const about = {
    container: Id,
    containerName: Name,
    destination,
    name,
    ...(port === undefined ? {} : { port }),
    protocol,
    type: 'bridge',
  };
  recordEvent(ctx, {
    Type: 'network',
    Action: 'deny',
    Actor: { ID: endpointsOf(record)[name]?.NetworkID ?? networkId(name), Attributes: about },
  });
}
