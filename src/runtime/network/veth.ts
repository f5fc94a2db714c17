// A container's place on a network: a pair of virtual interfaces, one end a port of the network's bridge in the shared netns, the other in the
// container. Both ends go when the container's namespace does, so a killed supervisor leaves none behind for long.
// Trap: "not for long" is a moment in which the container may be started again: so a port of the same name is removed first.
import { bridgeName } from '../../storage/network.ts';
import type { NetworkRecord, TakenAddresses } from '../../storage/network-records.ts';
import type { IpLine } from './ip-batch.ts';

export interface Veth {
  network: NetworkRecord;
  /** The end in the shared netns. */
  port: string;
  /** The end in the container. */
  interface: string;
  addresses: TakenAddresses;
  linkLocal: readonly string[];
}

/** No packet on it leaves the machine: the larger, the fewer. As pasta's own. */
const MTU = 65_520;

/** The name of the port of the container's `index`th interface: at most 15 characters. */
export const portName = (containerId: string, index: number): string => `v${containerId.slice(0, 10)}-${index}`;

/** In the shared netns, once the bridge is there. `netns` is the file of the container's. */
export function portLines({ network, port, interface: name, addresses }: Veth, netns: string): IpLine[] {
  const size = `mtu ${network.Options['com.docker.network.driver.mtu'] ?? MTU} `;
  // As Go reads a boolean.
  const isolated = /^(0|f|false)$/i.test(network.Options['com.docker.network.bridge.enable_icc'] ?? '');
  return [
    { words: `link del ${port}`, mayFail: /Cannot find device/ },
    {
      words: `link add ${port} ${size}master ${bridgeName(network)} up type veth peer name ${name} address ${addresses.MacAddress} ${size}netns ${netns}`,
    },
    // A port that is isolated reaches the bridge itself alone.
    ...(isolated ? [{ words: `link set ${port} type bridge_slave isolated on` }] : []),
  ];
}

/** In the container's netns, once the pair is there. */
export function interfaceLines({ interface: name, addresses, linkLocal }: Veth): IpLine[] {
  const { IPv4, IPv4Prefix, IPv6, IPv6Prefix } = addresses;
  const local = linkLocal.map((address) => (address.includes(':') ? `${address}/64 dev ${name} nodad` : `${address}/16 dev ${name}`));
  return [
    // No address that nobody gave.
    ...(IPv6 ? [] : [{ words: `link set ${name} addrgenmode none`, mayFail: 'any' as const }]),
    ...(IPv4 ? [{ words: `addr add ${IPv4}/${IPv4Prefix} brd + dev ${name}` }] : []),
    ...(IPv6 ? [{ words: `addr add ${IPv6}/${IPv6Prefix} dev ${name} nodad` }] : []),
    ...local.map((words) => ({ words: `addr add ${words}` })),
    { words: `link set ${name} up` },
  ];
}
