// All the networks that a container is on, as they come and go: places on the user's networks, and the way out, which is open while at least one network
// leads out. One change at a time. What fails is undone, so that a container is on a network wholly or not at all.
import { readNetwork } from '../../storage/network.ts';
import type { EndpointSettings, EndpointState } from '../../storage/network-records.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import { cidrOf, ipNumber, overlaps, parseCidr } from '../../sys/cidr.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import type { Netns } from '../network/netns.ts';
import { createEndpoints } from './endpoints.ts';
import type { NameService } from './name-service.ts';
import type { NetworkSite } from './network.ts';
import { hostsWith, hostsWithout } from './network-files.ts';
import type { WayOut } from './way-out.ts';

export interface Networks {
  /** Reserves what a network is to be joined with, before the container runs. Throws ERR_NO_SUCH_NETWORK, ERR_ADDRESS_… (125). */
  reserve(name: string, endpoint: EndpointSettings): void;
  /** Joins what is reserved. Throws ERR_NO_MODULE, ERR_NETWORK_SETUP, ERR_PORT_…, ERR_PASTA (125). */
  begin(): Promise<void>;
  /** Throws ERR_CONNECTED, ERR_NETWORK_OVERLAP, and what joining throws. */
  connect(name: string, endpoint: EndpointSettings): Promise<void>;
  /** Throws ERR_NOT_CONNECTED. */
  disconnect(name: string): Promise<void>;
  /** Whether one of them leads out. */
  leadsOut(): boolean;
  /** The user's networks, by name. */
  userNetworks(): string[];
  states(): Record<string, EndpointState>;
  /** Its own addresses on all of them, IPv4 first. */
  addresses(): string[];
  /** On the default network, too. */
  isOnBridge(): boolean;
  announce(): void;
  withdraw(): void;
  close(): void;
}

export interface NetworksSite {
  site: Pick<NetworkSite, 'current' | 'onSpawn'>;
  netns: Netns;
  wayOut: WayOut;
  names: NameService;
  onBridge: boolean;
  /** The default network is the first of them: its interface, the way out's, is eth0. */
  bridgeFirst: boolean;
}

/** The way out's interface, where eth0 is a network's. */
const UPLINK = 'uplink0';
const FIRST = 'eth0';
const DEFAULT = 'bridge';

/** `onBridge`: it is on the default network, whose interface is the way out's, open already or opened by `begin`. */
export function createNetworks(ctx: Ctx, { site, netns, wayOut, names, onBridge, bridgeFirst }: NetworksSite): Networks {
  const { current, onSpawn } = site;
  let isOnBridge = onBridge;
  /** The way out has the name eth0. */
  let hasFirstName = bridgeFirst;
  const isLive = wayOut.started() !== undefined;
  const endpoints = createEndpoints({ ctx, record: current, netns, onSpawn, isLive, firstIndex: () => (hasFirstName ? 1 : 0) });
  const leadsOut = (): boolean => isOnBridge || endpoints.networks().some(({ Internal }) => !Internal);

  const settle = async (): Promise<void> => {
    if (!leadsOut()) wayOut.close();
    else if (!wayOut.started()) await wayOut.open(hasFirstName ? FIRST : UPLINK);
  };

  const leave = async (name: string): Promise<void> => {
    if (name === DEFAULT) {
      isOnBridge = false;
      // Its interface goes, and comes back under another name where another network leads out.
      if (hasFirstName) wayOut.close();
      hasFirstName = false;
    } else {
      hostsWithout(ctx, current(), endpoints.addresses(name));
      await endpoints.leave(name);
    }
    names.changed();
    await settle();
  };

  const join = async (name: string, endpoint: EndpointSettings): Promise<void> => {
    const isJoined = name === DEFAULT ? isOnBridge : endpoints.names().includes(name);
    if (isJoined) throw connected(current(), name);
    if (name === DEFAULT) isOnBridge = true;
    else {
      refuseOverlap(name, ctx, wayOut);
      endpoints.reserve(name, endpoint);
    }
    try {
      await endpoints.plug();
      await Promise.all([settle(), name === DEFAULT ? undefined : names.start()]);
      names.changed();
    } catch (error) {
      await leave(name).catch(() => undefined);
      throw error;
    }
    hostsWith(ctx, current(), endpoints.addresses(name));
  };

  let last: Promise<void> = Promise.resolve();
  const inTurn = (change: () => Promise<void>): Promise<void> => {
    const done = last.then(change);
    last = done.catch(() => undefined);
    return done;
  };

  return {
    reserve: endpoints.reserve,
    begin: async () => {
      await Promise.all([endpoints.plug(), names.start(), leadsOut() ? settle() : netns.made]);
      netns.unbind();
    },
    connect: (name, endpoint) => inTurn(() => join(name, endpoint)),
    disconnect: (name) =>
      inTurn(async () => {
        const isJoined = name === DEFAULT ? isOnBridge : endpoints.names().includes(name);
        if (!isJoined) throw notConnected(current(), name);
        await leave(name);
      }),
    states: () => ({ ...(isOnBridge ? { [DEFAULT]: bridgeState(ctx, current(), wayOut) } : {}), ...endpoints.states() }),
    leadsOut,
    userNetworks: endpoints.names,
    addresses: endpoints.addresses,
    isOnBridge: () => isOnBridge,
    announce: endpoints.announce,
    withdraw: endpoints.withdraw,
    close: endpoints.close,
  };
}

function bridgeState(ctx: Ctx, { Id }: ContainerRecord, wayOut: WayOut): EndpointState {
  const pasta = wayOut.started();
  const NetworkID = readNetwork(ctx, DEFAULT)?.Id ?? '';
  return {
    NetworkID,
    EndpointID: new Bun.CryptoHasher('sha256').update(`endpoint ${Id} ${NetworkID}`).digest('hex'),
    Gateway: pasta?.gateway ?? '',
    IPAddress: pasta?.address ?? '',
    IPPrefixLen: pasta?.prefix ?? 0,
    IPv6Gateway: pasta?.ipv6?.gateway ?? '',
    GlobalIPv6Address: pasta?.ipv6?.address ?? '',
    GlobalIPv6PrefixLen: pasta?.ipv6?.prefix ?? 0,
    MacAddress: pasta?.mac ?? '',
    Aliases: [],
    DNSNames: [],
    Interface: pasta?.interfaceName ?? '',
  };
}

// Of networks made after the container was started: before, its own subnet made way for theirs.
function refuseOverlap(name: string, ctx: Ctx, { plan }: WayOut): void {
  const { address, prefix } = plan.host.subnet;
  const own = ipNumber(address);
  const inTheWay = readNetwork(ctx, name)?.IPAM.Config.find(({ Subnet }) => {
    const subnet = parseCidr(Subnet);
    return subnet && own && overlaps(subnet, cidrOf(own, prefix));
  });
  if (!inTheWay) return;
  throw new EngineError(
    'ERR_NETWORK_OVERLAP',
    `Cannot connect to network "${name}": the container's way out is in its subnet ${inTheWay.Subnet}`,
    {
      hint: 'Restart the container, which then takes another: skiff restart',
    },
  );
}

const connected = ({ Name }: ContainerRecord, name: string): EngineError =>
  new EngineError('ERR_CONNECTED', `endpoint with name ${Name} already exists in network ${name}`, {
    hint: `To change how it is connected, disconnect it first: skiff network disconnect ${name} ${Name}`,
  });

const notConnected = ({ Name, Id }: ContainerRecord, name: string): EngineError =>
  new EngineError('ERR_NOT_CONNECTED', `container ${Id} is not connected to network ${name}`, {
    hint: `See what it is on: skiff inspect ${Name}`,
  });
