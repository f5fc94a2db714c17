// The subnets that the host has routes to, from /proc/net: a network made here must hide none of them. Nothing is cached: laptops move.
// Trap: two routes of half the world each stand for the default route (VPNs make them), so very wide ones count as none.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cidr, cidrOf } from './cidr.ts';

const RTF_REJECT = 0x200;
const NARROWEST_DEFAULT = 7;

/** Routes of both families that lead somewhere, without default routes. `procNet`: the folder of `route` and `ipv6_route`. */
export function hostRoutes(procNet = '/proc/self/net'): Cidr[] {
  return [...ipv4(procNet), ...ipv6(procNet)].filter(({ prefix }) => prefix > NARROWEST_DEFAULT);
}

// Columns: Iface Destination Gateway Flags RefCnt Use Metric Mask …; addresses are hex, in the machine's byte order (little-endian).
function ipv4(folder: string): Cidr[] {
  return lines(join(folder, 'route'))
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 7 && (Number.parseInt(fields[3] ?? '', 16) & RTF_REJECT) === 0)
    .map((fields) => {
      const prefix = [...swapped(fields[7]).toString(2)].filter((bit) => bit === '1').length;
      return cidrOf({ version: 4, value: swapped(fields[1]) }, prefix);
    });
}

// Columns: destination prefix source prefix next-hop metric refcount use flags device. Link-local and multicast routes are everywhere.
function ipv6(folder: string): Cidr[] {
  return lines(join(folder, 'ipv6_route'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => /^[0-9a-f]{32}$/.test(fields[0] ?? '') && (Number.parseInt(fields[8] ?? '', 16) & RTF_REJECT) === 0)
    .map((fields) => cidrOf({ version: 6, value: BigInt(`0x${fields[0]}`) }, Number.parseInt(fields[1] ?? '', 16)))
    .filter(({ first }) => first >> 118n !== 0x3fan && first >> 120n !== 0xffn && first !== 1n);
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
