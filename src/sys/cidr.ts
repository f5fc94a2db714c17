// Addresses as numbers, and subnets as ranges of them: what giving out addresses needs. Packages that parse addresses know no arithmetic, and
// each would be loaded by every supervisor on a network.
import { parseIp } from './ip.ts';

export interface IpNumber {
  version: 4 | 6;
  value: bigint;
}

export interface Cidr {
  version: 4 | 6;
  /** Its first and last address: the network's and, of IPv4, the broadcast one. */
  first: bigint;
  last: bigint;
  prefix: number;
  /** The address as it was written, before its host bits were dropped. */
  address: bigint;
}

/** An address as a number; undefined when the text is none. */
export function ipNumber(text: string): IpNumber | undefined {
  const bytes = parseIp(text);
  if (!bytes) return undefined;
  return { version: bytes.length === 4 ? 4 : 6, value: bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) };
}

/** The text of an address, IPv6 by RFC 5952. */
export function ipText({ version, value }: IpNumber): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => ((value >> shift) & 0xffffn).toString(16));
  return shortened(groups);
}

/** `address/prefix`; undefined when the text is none. Host bits may be set. */
export function parseCidr(text: string): Cidr | undefined {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const number = ipNumber(address);
  const prefix = Number(digits);
  if (!number || digits === '' || prefix > bits(number.version)) return undefined;
  return cidrOf(number, prefix);
}

/** The subnet with that many leading bits that an address lies in. */
export function cidrOf({ version, value }: IpNumber, prefix: number): Cidr {
  const hosts = (1n << BigInt(bits(version) - prefix)) - 1n;
  const last = value | hosts;
  return { version, first: last - hosts, last, prefix, address: value };
}

/** `172.18.0.0/16` */
export const cidrText = ({ version, first, prefix }: Cidr): string => `${ipText({ version, value: first })}/${prefix}`;

export const overlaps = (a: Cidr, b: Cidr): boolean => a.version === b.version && a.first <= b.last && b.first <= a.last;

export const contains = (cidr: Cidr, ip: IpNumber): boolean =>
  cidr.version === ip.version && cidr.first <= ip.value && ip.value <= cidr.last;

const bits = (version: 4 | 6): 32 | 128 => (version === 4 ? 32 : 128);

// The longest run of two or more zeros, the first of several, becomes `::`.
function shortened(groups: readonly string[]): string {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}
