// `NetworkSettings` of an inspected container. A container has one network, named by its mode; addresses and ports are those of the
// running container and empty when it is not.
import type { ContainerRecord, ContainerState, PortBinding } from '../storage/records.ts';
import { goMap, NIL_LIST, nilMap, struct } from './go-values.ts';

export interface NetworkFacts {
  /** 64 hex digits each. */
  networkId: string;
  /** Of this run of the container. */
  endpointId: string;
  sandboxId: string;
}

export function renderNetworkSettings(record: ContainerRecord, state: ContainerState, facts: NetworkFacts): object {
  const isUp = state.Status === 'running' || state.Status === 'paused';
  const address = addressOf(isUp ? state.Network : undefined);
  const name = record.HostConfig.NetworkMode;
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
    EndpointID: isUp && name === 'bridge' ? facts.endpointId : '',
    ...address,
    // The network of another container is that one's to show.
    Networks: goMap(
      name.startsWith('container:') ? {} : { [name]: endpoint(address, { ...facts, endpointId: isUp ? facts.endpointId : '' }) },
      null,
    ),
  });
}

interface Address {
  Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  MacAddress: string;
}

const IPV6_PREFIX = 64;

function addressOf(network: ContainerState['Network'] | undefined): Address {
  return {
    Gateway: network?.Gateway ?? '',
    GlobalIPv6Address: network?.IPv6Address ?? '',
    GlobalIPv6PrefixLen: network?.IPv6Address ? IPV6_PREFIX : 0,
    IPAddress: network?.IPAddress ?? '',
    IPPrefixLen: network?.IPPrefixLen ?? 0,
    IPv6Gateway: '',
    MacAddress: network?.MacAddress ?? '',
  };
}

/** Docker orders the fields of an endpoint otherwise than those of the settings. */
function endpoint(address: Address, { networkId, endpointId }: NetworkFacts): object {
  const { Gateway, GlobalIPv6Address, GlobalIPv6PrefixLen, IPAddress, IPPrefixLen, IPv6Gateway, MacAddress } = address;
  return struct('*network.EndpointSettings', {
    IPAMConfig: null,
    Links: NIL_LIST,
    Aliases: NIL_LIST,
    MacAddress,
    DriverOpts: nilMap(''),
    GwPriority: 0,
    NetworkID: networkId,
    EndpointID: endpointId,
    Gateway,
    IPAddress,
    IPPrefixLen,
    IPv6Gateway,
    GlobalIPv6Address,
    GlobalIPv6PrefixLen,
    DNSNames: NIL_LIST,
  });
}

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
