// `NetworkSettings` of an inspected container: what was asked for of each of its networks, and addresses and ports while it runs.
import { dnsNames, endpointsOf } from '../storage/endpoint.ts';
import type { EndpointSettings, EndpointState } from '../storage/network-records.ts';
import type { ContainerRecord, ContainerState, PortBinding } from '../storage/records.ts';
import { goMap, NIL_LIST, nilMap, struct } from './go-values.ts';

export interface NetworkFacts {
  /** 64 hex digits each, of this run of the container. */
  endpointId: string;
  sandboxId: string;
}

export function renderNetworkSettings(record: ContainerRecord, state: ContainerState, facts: NetworkFacts): object {
  const isUp = state.Status === 'running' || state.Status === 'paused';
  const endpoints = endpointsOf(record);
  const live = (name: string): EndpointState | undefined =>
    isUp ? (state.Networks?.[name] ?? ofMode(name, record, state, facts)) : undefined;
  // As Docker: what stands here beside the networks is the default network's.
  const { EndpointID = '', ...address } = Object.hasOwn(endpoints, 'bridge') ? addressOf(live('bridge')) : addressOf(undefined);
  return struct('container.NetworkSettings', {
    Bridge: '',
    SandboxID: isUp ? facts.sandboxId : '',
    SandboxKey: isUp ? state.Network.SandboxKey : '',
    Ports: isUp ? publishedPorts(record, state) : goMap({}, NIL_LIST),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: NIL_LIST,
    SecondaryIPv6Addresses: NIL_LIST,
    EndpointID,
    ...address,
    // The network of another container is that one's to show.
    Networks: goMap(
      Object.fromEntries(
        Object.entries(endpoints).map(([name, settings]) => [name, endpoint(record, { name, settings, live: live(name) })]),
      ),
      null,
    ),
  });
}

const IPV6_PREFIX = 64;

/** The one network of a container whose state does not tell of several. */
function ofMode(
  name: string,
  record: ContainerRecord,
  { Network }: ContainerState,
  { endpointId }: NetworkFacts,
): EndpointState | undefined {
  if (name !== record.HostConfig.NetworkMode) return undefined;
  return {
    NetworkID: '',
    EndpointID: endpointId,
    Gateway: Network.Gateway,
    IPAddress: Network.IPAddress,
    IPPrefixLen: Network.IPPrefixLen,
    IPv6Gateway: '',
    GlobalIPv6Address: Network.IPv6Address,
    GlobalIPv6PrefixLen: Network.IPv6Address ? IPV6_PREFIX : 0,
    MacAddress: Network.MacAddress,
    Aliases: [],
    DNSNames: [],
    Interface: '',
  };
}

function addressOf(live: EndpointState | undefined) {
  return {
    EndpointID: live?.EndpointID ?? '',
    Gateway: live?.Gateway ?? '',
    GlobalIPv6Address: live?.GlobalIPv6Address ?? '',
    GlobalIPv6PrefixLen: live?.GlobalIPv6PrefixLen ?? 0,
    IPAddress: live?.IPAddress ?? '',
    IPPrefixLen: live?.IPPrefixLen ?? 0,
    IPv6Gateway: live?.IPv6Gateway ?? '',
    MacAddress: live?.MacAddress ?? '',
  };
}

interface EndpointInput {
  name: string;
  settings: EndpointSettings;
  /** While the container runs. */
  live: EndpointState | undefined;
}

/** Docker orders the fields of an endpoint otherwise than those of the settings. */
function endpoint(record: ContainerRecord, { name, settings, live }: EndpointInput): object {
  const { Aliases, IPAMConfig, DriverOpts, GwPriority = 0 } = settings;
  const address = addressOf(live);
  return struct('*network.EndpointSettings', {
    IPAMConfig: IPAMConfig ? struct('*network.EndpointIPAMConfig', { ...IPAMConfig }, NO_ADDRESSES) : null,
    Links: NIL_LIST,
    Aliases: Aliases.length > 0 ? Aliases : NIL_LIST,
    MacAddress: address.MacAddress || (settings.MacAddress ?? ''),
    DriverOpts: DriverOpts ? goMap(DriverOpts, '') : nilMap(''),
    GwPriority,
    NetworkID: settings.NetworkID,
    EndpointID: address.EndpointID,
    Gateway: address.Gateway,
    IPAddress: address.IPAddress,
    IPPrefixLen: address.IPPrefixLen,
    IPv6Gateway: address.IPv6Gateway,
    GlobalIPv6Address: address.GlobalIPv6Address,
    GlobalIPv6PrefixLen: address.GlobalIPv6PrefixLen,
    DNSNames: isUserDefined(name) ? dnsNames(record, settings) : NIL_LIST,
  });
}

const NO_ADDRESSES = { IPv4Address: '', IPv6Address: '', LinkLocalIPs: NIL_LIST };

const isUserDefined = (name: string): boolean => name !== 'bridge' && name !== 'host' && name !== 'none';

/** What is exposed (null) and what is published. */
function publishedPorts(record: ContainerRecord, state: ContainerState): object {
  const ports: Record<string, readonly object[]> = {};
  for (const port of Object.keys(record.Config.ExposedPorts ?? {})) ports[port] = NIL_LIST;
  for (const [port, bindings] of Object.entries(state.Ports)) ports[port] = bindings.map(binding);
  return goMap(ports, NIL_LIST);
}

function binding({ HostIp, HostPort }: PortBinding): object {
  return struct('nat.PortBinding', { HostIp, HostPort });
}
