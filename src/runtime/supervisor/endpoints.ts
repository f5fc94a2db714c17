// The networks that one container is on, beside the way out: addresses reserved, interfaces plugged in, the names by which others find it written
// where their resolvers look. Loaded only for containers on networks of the user's.
// Crash rule: addresses and members are this container's while its lock is held, and nobody's after; interfaces go with its namespace.
import { dnsNames } from '../../storage/endpoint.ts';
import { bridgeName, noSuchNetwork, readNetwork, replacedNetwork } from '../../storage/network.ts';
import { takeAddresses } from '../../storage/network-addresses.ts';
import { hideMember, leaveNetworks, removeMember, writeMember } from '../../storage/network-members.ts';
import type { EndpointSettings, EndpointState, MemberRecord, NetworkRecord } from '../../storage/network-records.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { randomHex } from '../../sys/random.ts';
import { bridgeLines, hasIpv6, ISOLATION6, networkFailure } from '../network/bridge.ts';
import { type IpLine, ipBatch } from '../network/ip-batch.ts';
import type { Netns } from '../network/netns.ts';
import { sharedNetnsPath } from '../network/shared-netns.ts';
import { interfaceLines, portLines, portName, type Veth } from '../network/veth.ts';

export interface EndpointsSite {
  ctx: Ctx;
  /** As it is by now: the container may be renamed. */
  record: () => ContainerRecord;
  netns: Netns;
  onSpawn: (pid: number) => void;
  /** The lowest number of an interface; 1 where eth0 is another's. */
  firstIndex: () => number;
  /** It runs, and may have an address on the default network, which is not given back here. */
  isLive: boolean;
}

export interface Endpoints {
  /** Reserves an address on a network. Throws ERR_NO_SUCH_NETWORK, ERR_ADDRESS_… (125). */
  reserve(name: string, settings: EndpointSettings): void;
  /** Plugs in what is reserved, once the namespace is there. Throws ERR_NO_MODULE, ERR_NETWORK_SETUP, ERR_NO_PROGRAM (125). */
  plug(): Promise<void>;
  /** Takes the container off a network. */
  leave(name: string): Promise<void>;
  /** Others find the container by name from now on, or by its new name. */
  announce(): void;
  /** Nobody finds it any more; it keeps its addresses. */
  withdraw(): void;
  /** Gives everything back. */
  close(): void;
  names(): string[];
  networks(): NetworkRecord[];
  /** Its addresses, IPv4 first. */
  addresses(name?: string): string[];
  states(): Record<string, EndpointState>;
}

interface Place extends Veth {
  index: number;
  settings: EndpointSettings;
  endpointId: string;
  isPlugged: boolean;
}

/** None yet; what a killed predecessor had is given back. */
export function createEndpoints(site: EndpointsSite): Endpoints {
  const { ctx, netns, onSpawn } = site;
  const { Id } = site.record();
  const places = new Map<string, Place>();
  let isAnnounced = false;
  if (!site.isLive) leaveNetworks(ctx, Id);

  const reserve = (name: string, settings: EndpointSettings): void => {
    const network = readNetwork(ctx, name);
    if (!network) throw noSuchNetwork(name, 125);
    if (settings.NetworkID && settings.NetworkID !== network.Id) throw replacedNetwork(settings, { name, container: site.record().Name });
    const { IPv4Address, IPv6Address, LinkLocalIPs = [] } = settings.IPAMConfig ?? {};
    const wanted = {
      ...(IPv4Address ? { IPv4Address } : {}),
      ...(IPv6Address ? { IPv6Address } : {}),
      ...(settings.MacAddress ? { MacAddress: settings.MacAddress } : {}),
    };
    const addresses = takeAddresses(ctx, network, { containerId: Id, wanted });
    const index = freeIndex(site.firstIndex(), [...places.values()]);
    places.set(name, {
      ...{ network, addresses, index, settings },
      linkLocal: LinkLocalIPs,
      port: portName(Id, index),
      interface: interfaceName(network, settings, index),
      endpointId: randomHex(32),
      isPlugged: false,
    });
  };

  const inShared = async (lines: readonly IpLine[], family: { family?: 6 } = {}) =>
    ipBatch(lines, { enter: ['nsenter', `--net=${sharedNetnsPath()}`, '--'], env: ctx.env, onSpawn, ...family });

  const plug = async (): Promise<void> => {
    const fresh = [...places.values()].filter(({ isPlugged }) => !isPlugged);
    if (fresh.length === 0) return;
    await netns.made;
    const ports = fresh.flatMap((place) => [...bridgeLines(place.network), ...portLines(place, netns.lastingPath)]);
    const inside = { enter: ['nsenter', `--net=${netns.lastingPath}`, '--'], env: ctx.env, onSpawn };
    if (fresh.some(({ network }) => hasIpv6(network))) await inShared(ISOLATION6, { family: 6 });
    const failure = (await inShared(ports)) ?? (await ipBatch([{ words: 'link set lo up' }, ...fresh.flatMap(interfaceLines)], inside));
    if (failure) throw networkFailure(failure, nameOf(fresh, failure.words));
    for (const place of fresh) {
      place.isPlugged = true;
      if (isAnnounced) writeMember(ctx, place.network, memberOf(site.record(), place));
    }
  };

  return {
    reserve,
    plug,
    leave: async (name) => {
      const place = places.get(name);
      if (!place) return;
      places.delete(name);
      removeMember(ctx, place.network, Id);
      await inShared([{ words: `link del ${place.port}`, mayFail: 'any' }]);
    },
    announce: () => {
      isAnnounced = true;
      for (const place of places.values()) if (place.isPlugged) writeMember(ctx, place.network, memberOf(site.record(), place));
    },
    withdraw: () => {
      isAnnounced = false;
      for (const { network } of places.values()) hideMember(ctx, network, Id);
    },
    close: () => {
      isAnnounced = false;
      for (const { network } of places.values()) removeMember(ctx, network, Id);
      places.clear();
    },
    names: () => [...places.keys()],
    networks: () => [...places.values()].map(({ network }) => network),
    addresses: (name) => {
      const all = [...places].filter(([key]) => name === undefined || key === name).map(([, { addresses }]) => addresses);
      return [...all.map(({ IPv4 }) => IPv4), ...all.map(({ IPv6 }) => IPv6)].filter((address) => address !== '');
    },
    states: () => Object.fromEntries([...places].map(([name, place]) => [name, stateOf(site.record(), place)])),
  };
}

function freeIndex(first: number, places: readonly Place[]): number {
  const taken = new Set(places.map(({ index }) => index));
  let index = first;
  while (taken.has(index)) index++;
  return index;
}

const interfaceName = ({ Options }: NetworkRecord, { DriverOpts }: EndpointSettings, index: number): string =>
  DriverOpts?.['com.docker.network.endpoint.ifname'] ?? `${Options['com.docker.network.container_iface_prefix'] ?? 'eth'}${index}`;

const nameOf = (places: readonly Place[], words = ''): string =>
  (places.find(({ network, port }) => words.includes(bridgeName(network)) || words.includes(port)) ?? places[0])?.network.Name ?? '';

const aliasesOf = ({ Id }: ContainerRecord, { settings }: Place): string[] => [...new Set([...settings.Aliases, Id.slice(0, 12)])];

function memberOf(record: ContainerRecord, place: Place): MemberRecord {
  const { IPv4, IPv4Prefix, IPv6, IPv6Prefix, Gateway, MacAddress } = place.addresses;
  return {
    version: 1,
    ContainerId: record.Id,
    ContainerName: record.Name,
    Hostname: record.Config.Hostname,
    EndpointId: place.endpointId,
    Interface: place.interface,
    ...{ MacAddress, IPv4, IPv4Prefix, IPv6, IPv6Prefix, Gateway },
    Aliases: aliasesOf(record, place),
  };
}

function stateOf(record: ContainerRecord, place: Place): EndpointState {
  const { addresses, network } = place;
  return {
    NetworkID: network.Id,
    EndpointID: place.endpointId,
    Gateway: network.Internal ? '' : addresses.Gateway,
    IPAddress: addresses.IPv4,
    IPPrefixLen: addresses.IPv4Prefix,
    IPv6Gateway: network.Internal ? '' : addresses.Gateway6,
    GlobalIPv6Address: addresses.IPv6,
    GlobalIPv6PrefixLen: addresses.IPv6Prefix,
    MacAddress: addresses.MacAddress,
    Aliases: place.settings.Aliases,
    DNSNames: dnsNames(record, place.settings),
    Interface: place.interface,
  };
}
