// What this host's network looks like right now, read from /proc/net and the interfaces: which families reach the outside, under which
// address containers find the host, and which subnet would hide none of the host's own. Nothing is cached: laptops move.
import { networkInterfaces } from 'node:os';
import { type Cidr, overlaps, parseCidr } from '../../sys/cidr.ts';
import { type HostRoute, hostRoutes, routeTable } from '../../sys/host-routes.ts';

export interface HostNetwork {
  /** Interface of the IPv6 default route, when it also has a global address. */
  ipv6Interface: string | undefined;
  /** Where containers reach services that listen on all addresses of this host. Undefined: no address but loopback. */
  hostAddress: string | undefined;
  subnet: Subnet;
}

/** The container's addresses; `forward` is answered by pasta with the host's own name server. */
export interface Subnet {
  address: string;
  gateway: string;
  forward: string;
  prefix: 24;
}

export const SUBNET6 = { address: 'fd5c:1f5f:99::2', gateway: 'fd5c:1f5f:99::1', prefix: 64 } as const;

// Tried in this order; a VPN that routes all of 10.0.0.0/8 moves us to the next.
const CANDIDATES = ['10.99.0', '172.29.99', '192.168.199', '100.99.99'] as const;

export interface HostNetworkSources {
  /** Folder of `route`, `ipv6_route`. */
  procNet?: string;
  interfaces?: ReturnType<typeof networkInterfaces>;
  /** Subnets that `subnet` must not overlap, either. */
  avoid?: readonly Cidr[];
}

/** Reads it all; a file that cannot be read counts as empty. */
export function hostNetwork(sources: HostNetworkSources = {}): HostNetwork {
  const interfaces = sources.interfaces ?? networkInterfaces();
  const table = routeTable(sources.procNet);
  const [default4, default6] = [defaultDevice(table, 4), defaultDevice(table, 6)];
  const hasGlobal6 = (interfaces[default6 ?? ''] ?? []).some(({ family, address }) => family === 'IPv6' && !/^fe[89ab]/i.test(address));
  return {
    ipv6Interface: hasGlobal6 ? default6 : undefined,
    hostAddress: firstAddress(interfaces, default4),
    subnet: chooseSubnet([...hostRoutes(table), ...(sources.avoid ?? [])]),
  };
}

// Every host has an unreachable default route of IPv6 on its loopback.
function defaultDevice(table: readonly HostRoute[], wanted: 4 | 6): string | undefined {
  return table.find(
    ({ device, subnet: { version, prefix, first } }) => version === wanted && prefix === 0 && first === 0n && device !== 'lo',
  )?.device;
}

function firstAddress(interfaces: ReturnType<typeof networkInterfaces>, preferred: string | undefined): string | undefined {
  for (const name of [preferred, ...Object.keys(interfaces)]) {
    const found = (interfaces[name ?? ''] ?? []).find(({ family, internal }) => family === 'IPv4' && !internal);
    if (found) return found.address;
  }
  return undefined;
}

function chooseSubnet(taken: readonly Cidr[]): Subnet {
  const isFree = (candidate: string): boolean => {
    const own = parseCidr(`${candidate}.0/24`);
    return own !== undefined && !taken.some((subnet) => overlaps(subnet, own));
  };
  const base = CANDIDATES.find(isFree) ?? CANDIDATES[0];
  return { address: `${base}.2`, gateway: `${base}.1`, forward: `${base}.3`, prefix: 24 };
}
