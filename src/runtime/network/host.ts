// What this host's network looks like right now, read from /proc/net and the interfaces: which families reach the outside, under which
// address containers find the host, and which subnet would hide none of the host's own. Nothing is cached: laptops move.
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type Cidr, cidrOf, overlaps as subnetsOverlap } from '../../sys/cidr.ts';

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

/** Wider routes (0.0.0.0/1 and its like) stand for the default route. */
const WIDEST_MASK = 0xff000000;

const RTF_REJECT = 0x200;

export interface HostNetworkSources {
  /** Folder of `route`, `ipv6_route`. */
  procNet?: string;
  interfaces?: ReturnType<typeof networkInterfaces>;
  /** Subnets that `subnet` must not overlap, either. */
  avoid?: readonly Cidr[];
}

/** Reads it all; a file that cannot be read counts as empty. */
export function hostNetwork(sources: HostNetworkSources = {}): HostNetwork {
  const folder = sources.procNet ?? '/proc/self/net';
  const interfaces = sources.interfaces ?? networkInterfaces();
  const routes = ipv4Routes(folder);
  const default4 = routes.find(({ mask }) => mask === 0)?.device;
  const default6 = ipv6DefaultInterface(folder);
  const hasGlobal6 = (interfaces[default6 ?? ''] ?? []).some(({ family, address }) => family === 'IPv6' && !/^fe[89ab]/i.test(address));
  return {
    ipv6Interface: hasGlobal6 ? default6 : undefined,
    hostAddress: firstAddress(interfaces, default4),
    subnet: chooseSubnet(routes, sources.avoid ?? []),
  };
}

interface Route {
  device: string;
  destination: number;
  mask: number;
}

// Columns: Iface Destination Gateway Flags RefCnt Use Metric Mask …; addresses are hex, host byte order (little-endian).
function ipv4Routes(folder: string): Route[] {
  return lines(join(folder, 'route'))
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter((fields) => fields.length > 7 && (Number.parseInt(fields[3] ?? '', 16) & RTF_REJECT) === 0)
    .map((fields) => ({ device: fields[0] ?? '', destination: fromHex(fields[1]), mask: fromHex(fields[7]) }));
}

// Columns: destination prefix source prefix next-hop metric refcount use flags device.
function ipv6DefaultInterface(folder: string): string | undefined {
  for (const line of lines(join(folder, 'ipv6_route'))) {
    const fields = line.trim().split(/\s+/);
    const isDefault = /^0{32}$/.test(fields[0] ?? '') && fields[1] === '00';
    if (isDefault && fields[9] !== 'lo' && (Number.parseInt(fields[8] ?? '', 16) & RTF_REJECT) === 0) return fields[9];
  }
  return undefined;
}

function firstAddress(interfaces: ReturnType<typeof networkInterfaces>, preferred: string | undefined): string | undefined {
  for (const name of [preferred, ...Object.keys(interfaces)]) {
    const found = (interfaces[name ?? ''] ?? []).find(({ family, internal }) => family === 'IPv4' && !internal);
    if (found) return found.address;
  }
  return undefined;
}

function chooseSubnet(routes: readonly Route[], avoid: readonly Cidr[]): Subnet {
  const free = CANDIDATES.find((candidate) => {
    const network = candidate.split('.').reduce((value, part) => value * 256 + Number(part), 0) * 256;
    const own = { version: 4 as const, value: BigInt(network) };
    if (avoid.some((subnet) => subnetsOverlap(subnet, cidrOf(own, 24)))) return false;
    return !routes.some(({ destination, mask }) => mask >= WIDEST_MASK && overlaps(network, 0xffffff00, destination, mask));
  });
  const base = free ?? CANDIDATES[0];
  return { address: `${base}.2`, gateway: `${base}.1`, forward: `${base}.3`, prefix: 24 };
}

const overlaps = (a: number, aMask: number, b: number, bMask: number): boolean => ((a ^ b) & aMask & bMask) === 0;

function fromHex(text = '0'): number {
  const value = Number.parseInt(text, 16);
  return (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
