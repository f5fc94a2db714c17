// Which names mean which containers: the members of the networks that a container has joined, as tables. A name holds on each of those
// networks; `NAME.NETWORK` on that one alone. Names are compared in lower case.
import type { MemberRecord } from '../../../storage/network-records.ts';
import { parseIp } from '../../../sys/ip.ts';

export interface NetworkMembers {
  network: string;
  members: readonly MemberRecord[];
}

/** Who has a name or an address, on which network. */
export interface Holder {
  network: string;
  member: MemberRecord;
}

export interface NameTable {
  /** Every container that has the name, as asked in any case, with or without a dot at its end; [] when nobody has it. */
  named(name: string): readonly Holder[];
  /** Who has an address, given as the bytes of it in hexadecimal. */
  at(address: string): readonly Holder[];
}

/** Builds the tables; the order of `networks` is that of the answers. */
export function nameTable(networks: readonly NetworkMembers[]): NameTable {
  const byName = new Map<string, Holder[]>();
  const byAddress = new Map<string, Holder[]>();
  for (const { network, members } of networks) {
    for (const member of members) {
      const holder = { network, member };
      for (const name of namesOf(member)) {
        add(byName, name, holder);
        add(byName, `${name}.${network.toLowerCase()}`, holder);
      }
      for (const address of [member.IPv4, member.IPv6]) {
        const bytes = parseIp(address);
        if (bytes) add(byAddress, Buffer.from(bytes).toString('hex'), holder);
      }
    }
  }
  return {
    named: (name) => byName.get(name.toLowerCase().replace(/\.$/, '')) ?? NOBODY,
    at: (address) => byAddress.get(address) ?? [],
  };
}

/** The bytes in hexadecimal of the address that a reverse name asks for (`4.3.2.1.in-addr.arpa`, `….ip6.arpa`); undefined for other names. */
export function reverseAddress(name: string): string | undefined {
  const plain = name.toLowerCase().replace(/\.$/, '');
  const parts = plain.split('.').slice(0, -2).reverse();
  if (plain.endsWith('.in-addr.arpa')) {
    const bytes = parseIp(parts.join('.'));
    return parts.length === 4 && bytes ? Buffer.from(bytes).toString('hex') : undefined;
  }
  if (!plain.endsWith('.ip6.arpa') || parts.length !== 32 || !parts.every((part) => /^[0-9a-f]$/.test(part))) return undefined;
  return parts.join('');
}

// A container's short id is among its aliases; a name that is two things of it counts once.
function namesOf({ ContainerName, Hostname, Aliases }: MemberRecord): Set<string> {
  return new Set([ContainerName, ...Aliases, Hostname].filter((name) => name !== '').map((name) => name.toLowerCase()));
}

const NOBODY: readonly Holder[] = [];

function add(map: Map<string, Holder[]>, key: string, holder: Holder): void {
  const there = map.get(key);
  if (there) there.push(holder);
  else map.set(key, [holder]);
}
