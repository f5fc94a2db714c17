// Names and the outbound policy of a container with a network of its own: the rules first, then the resolver that fills them, both before
// the container's program runs. A chunk of its own: a container on the default network without a policy needs neither.
import { closeSync, openSync } from 'node:fs';
import { recordEvent } from '../../storage/events.ts';
import { networkId } from '../../storage/network-id.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { type Denial, watchDenials } from './egress/denials.ts';
import { openEgress } from './egress/policy.ts';
import { parseEgress } from './egress/rules.ts';
import { type NamePolicy, startResolver } from './resolver/start.ts';

export interface NamesSite {
  /** A file of the container's network namespace, which is there by now. */
  netns: string;
  /** Joined user networks, by name. */
  networks: readonly string[];
  /** Whether anybody outside may be asked; `internal` networks alone lead nowhere. Default: always. */
  hasWayOut?: () => boolean;
  /** The text of the container's /etc/hosts. */
  hosts: string;
  onSpawn?: (pid: number) => void;
}

export interface Names {
  /** After a connect or a disconnect. */
  setNetworks(networks: readonly string[]): void;
  /** Resolves when all that was denied is recorded. */
  settled(): Promise<void>;
  stop(): void;
}

/** Resolves when names are answered and the policy holds. Throws ERR_RESOLVER, ERR_NO_NFT, ERR_EGRESS_RULES (125). */
export async function serveNames(ctx: Ctx, record: ContainerRecord, site: NamesSite): Promise<Names> {
  const { Egress, Dns } = record.HostConfig;
  const { netns, networks, hasWayOut = () => true, onSpawn } = site;
  let denied: (denial: Denial) => void = () => undefined;
  let policy: NamePolicy | undefined;
  const nftSite = { netns, env: ctx.env, onSpawn };
  if (Egress) {
    const opened = await openEgress({ ...nftSite, rules: parseEgress(Egress), hosts: namesIn(site.hosts) });
    policy = {
      ...opened,
      mayAsk(name) {
        const may = opened.mayAsk(name);
        if (!may) denied({ destination: name, protocol: 'dns' });
        return may;
      },
    };
  }
  const resolver = await startResolver({
    ctx,
    containerId: record.Id,
    netns,
    networks,
    dns: Dns,
    hasWayOut,
    ...(policy ? { policy } : {}),
  });
  const { setNetworks, stop } = resolver;
  if (!Egress) return { setNetworks, stop, settled: () => Promise.resolve() };
  const counters = ['snmp', 'snmp6'].flatMap((name) => opened(`/proc/${resolver.thread}/net/${name}`));
  const denials = watchDenials({ ...nftSite, counters, tell: (denial) => tell(ctx, record, denial) });
  denied = denials.denied;
  return {
    setNetworks,
    settled: denials.settled,
    stop() {
      denials.stop();
      stop();
      for (const fd of counters.splice(0)) closeSync(fd);
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

function tell(ctx: Ctx, { Id, Name, HostConfig }: ContainerRecord, { destination, protocol, port }: Denial): void {
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
  recordEvent(ctx, { Type: 'network', Action: 'deny', Actor: { ID: networkId(name), Attributes: about } });
}
