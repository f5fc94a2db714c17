// The host's routes, from /proc/net: a network made here must hide none of the subnets they lead to. Nothing is cached: laptops move.
// Trap: two routes of half the world each stand for the default route (VPNs make them), so very wide ones count as none.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cidr, cidrOf } from './cidr.ts';

const RTF_REJECT = 0x200;
const NARROWEST_DEFAULT = 7;

export interface HostRoute {
  device: string;
  subnet: Cidr;
}

/** Every route of both families that leads somewhere, default routes too. `procNet`: the folder of `route` and `ipv6_route`. */
export function routeTable(procNet = '/proc/self/net'): HostRoute[] {
  return [...ipv4(procNet), ...ipv6(procNet)];
}

/** The subnets that routes lead to, without default routes, and without link-local and multicast ones, which are everywhere. */
export function hostRoutes(table: readonly HostRoute[] = routeTable()): Cidr[] {
  return table
    .map(({ subnet }) => subnet)
    .filter(({ version, prefix, first }) => prefix > NARROWEST_DEFAULT && (version === 4 || !isEverywhere(first)));
}

const isEverywhere = (first: bigint): boolean => first >> 118n === 0x3fan || first >> 120n === 0xffn || first === 1n;

// Columns: Iface Destination Gateway Flags RefCnt Use Metric Mask …; addresses are hex, in the machine's byte order (little-endian).
function ipv4(folder: string): HostRoute[] {
  return lines(join(folder, 'route'))
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 7 && (Number.parseInt(fields[3] ?? '', 16) & RTF_REJECT) === 0)
    .map((fields) => {
      const prefix = [...swapped(fields[7]).toString(2)].filter((bit) => bit === '1').length;
      return { device: fields[0] ?? '', subnet: cidrOf({ version: 4, value: swapped(fields[1]) }, prefix) };
    });
}

// Columns: destination prefix source prefix next-hop metric refcount use flags device.
function ipv6(folder: string): HostRoute[] {
  return lines(join(folder, 'ipv6_route'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => /^[0-9a-f]{32}$/.test(fields[0] ?? '') && (Number.parseInt(fields[8] ?? '', 16) & RTF_REJECT) === 0)
    .map((fields) => {
      const destination = { version: 6 as const, value: BigInt(`0x${fields[0]}`) };
      return { device: fields[9] ?? '', subnet: cidrOf(destination, Number.parseInt(fields[1] ?? '', 16)) };
    });
}

function swapped(text = '0'): bigint {
  const value = BigInt(`0x${/^[0-9a-fA-F]+$/.test(text) ? text : '0'}`);
  return ((value & 0xffn) << 24n) | ((value & 0xff00n) << 8n) | ((value >> 8n) & 0xff00n) | ((value >> 24n) & 0xffn);
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
