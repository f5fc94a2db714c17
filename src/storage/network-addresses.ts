// The addresses of a network: `networks/<name>.d/addresses/<ip>` is a symlink to the id of the container that has it. Making one is exclusive, and
// all are made under the lock of all networks. One whose container's lock is free is nobody's, and is taken over by who needs it.
import { mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { contains, type IpNumber, ipNumber, ipText, parseCidr } from '../sys/cidr.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { isLocked } from '../sys/lock.ts';
import { randomHex } from '../sys/random.ts';
import { containerLockPath } from './layout.ts';
import { networkFolder, noSuchNetwork, readNetwork, withNetworksLock } from './network.ts';
import type { NetworkPool, NetworkRecord, TakenAddresses } from './network-records.ts';

export type { TakenAddresses } from './network-records.ts';

type HasPaths = Pick<Ctx, 'paths'>;

export interface AddressRequest {
  /** Its supervisor calls, holding the container's lock. */
  containerId: string;
  /** Addresses the user chose; texts. */
  wanted?: { IPv4Address?: string; IPv6Address?: string; MacAddress?: string };
}

/**
 * Gives a container an address of each family of the network: the wanted ones, else the lowest free. What it had on this network before
 * is freed. Throws ERR_ADDRESS_IN_USE, ERR_ADDRESS_OUTSIDE, ERR_ADDRESSES_EXHAUSTED, ERR_NO_SUCH_NETWORK (125), and then it has none.
 */
export function takeAddresses(ctx: HasPaths, network: NetworkRecord, { containerId, wanted = {} }: AddressRequest): TakenAddresses {
  return withNetworksLock(ctx, () => {
    if (readNetwork(ctx, network.Name)?.Id !== network.Id) throw noSuchNetwork(network.Name, 125);
    for (const [address, owner] of addressOwners(ctx, network.Name)) if (owner === containerId) freeAddress(ctx, network.Name, address);
    const [v4, v6] = [poolOf(network, 4), poolOf(network, 6)];
    checkWanted(network, wanted);
    const site = { ctx, network, containerId };
    const ip4 = v4 && reserve(site, v4, wanted.IPv4Address);
    let ip6: IpNumber | undefined;
    try {
      ip6 = v6 && reserve(site, v6, wanted.IPv6Address);
    } catch (error) {
      if (ip4) freeAddress(ctx, network.Name, ipText(ip4));
      throw error;
    }
    return {
      IPv4: ip4 ? ipText(ip4) : '',
      IPv4Prefix: v4 ? prefixOf(v4) : 0,
      IPv6: ip6 ? ipText(ip6) : '',
      IPv6Prefix: v6 ? prefixOf(v6) : 0,
      Gateway: v4?.Gateway ?? '',
      Gateway6: v6?.Gateway ?? '',
      MacAddress: wanted.MacAddress ?? macOf(ip4),
    };
  });
}

/** Throws ERR_ADDRESS_OUTSIDE where a wanted address is in none of the network's subnets, ERR_ADDRESS_IN_USE where the network itself has it. */
export function checkWanted(network: NetworkRecord, { IPv4Address, IPv6Address }: NonNullable<AddressRequest['wanted']>): void {
  for (const text of [IPv4Address, IPv6Address]) {
    const ip = text === undefined ? undefined : ipNumber(text);
    if (!ip) continue;
    const pool = poolOf(network, ip.version);
    const subnet = pool && parseCidr(pool.Subnet);
    if (!(subnet && contains(subnet, ip))) {
      throw new EngineError('ERR_ADDRESS_OUTSIDE', `invalid endpoint settings: no configured subnet contains IP address ${text}`, {
        hint: `The network "${network.Name}" has ${network.IPAM.Config.map(({ Subnet }) => Subnet).join(' and ') || 'no subnet'}`,
        exitCode: 125,
      });
    }
    if (isReserved(pool, ip)) throw inUse(network, ipText(ip));
  }
}

/** Address → id of the container that has it, or had it. */
export function addressOwners(ctx: HasPaths, network: string): Map<string, string> {
  const folder = addressesFolder(ctx, network);
  const owners = new Map<string, string>();
  for (const name of namesIn(folder)) {
    try {
      owners.set(name, readlinkSync(join(folder, name)));
    } catch {
      // Freed meanwhile.
    }
  }
  return owners;
}

/** Frees an address. Only under the lock of all networks. */
export function freeAddress(ctx: HasPaths, network: string, address: string): void {
  rmSync(join(addressesFolder(ctx, network), address), { force: true });
}

const addressesFolder = (ctx: HasPaths, network: string): string => join(networkFolder(ctx, network), 'addresses');

const poolOf = ({ IPAM }: NetworkRecord, version: 4 | 6): NetworkPool | undefined =>
  IPAM.Config.find(({ Subnet }) => parseCidr(Subnet)?.version === version);

const prefixOf = ({ Subnet }: NetworkPool): number => parseCidr(Subnet)?.prefix ?? 0;

interface Site {
  ctx: HasPaths;
  network: NetworkRecord;
  containerId: string;
}

function reserve(site: Site, pool: NetworkPool, wanted: string | undefined): IpNumber {
  const asked = wanted === undefined ? undefined : ipNumber(wanted);
  const ip = asked ?? lowestFree(site, pool);
  if (!tryTake(site, ipText(ip))) throw inUse(site.network, ipText(ip));
  return ip;
}

function lowestFree({ ctx, network }: Site, pool: NetworkPool): IpNumber {
  const range = parseCidr(pool.IPRange ?? pool.Subnet);
  const owners = addressOwners(ctx, network.Name);
  for (let value = range?.first ?? 1n; range && value <= range.last; value++) {
    const ip = { version: range.version, value };
    if (isReserved(pool, ip)) continue;
    const owner = owners.get(ipText(ip));
    if (owner === undefined || !isLocked(containerLockPath(ctx, owner))) return ip;
  }
  const family = range?.version === 6 ? 'IPv6' : 'IPv4';
  throw new EngineError(
    'ERR_ADDRESSES_EXHAUSTED',
    `no available ${family} addresses on this network's address pools: ${network.Name} (${network.Id})`,
    { hint: 'Stop a container on it, or make a network with a larger subnet', exitCode: 125 },
  );
}

/** The network's own address and IPv4's broadcast one, where there is room for them, the gateway, and what was set aside. */
function isReserved({ Subnet, Gateway, AuxiliaryAddresses = {} }: NetworkPool, { version, value }: IpNumber): boolean {
  const subnet = parseCidr(Subnet);
  if (!subnet) return true;
  const hasEnds = subnet.last - subnet.first > 1n;
  if (hasEnds && (value === subnet.first || (version === 4 && value === subnet.last))) return true;
  return [Gateway, ...Object.values(AuxiliaryAddresses)].some((text) => ipNumber(text)?.value === value);
}

function tryTake({ ctx, network, containerId }: Site, address: string): boolean {
  const folder = addressesFolder(ctx, network.Name);
  const link = join(folder, address);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    symlinkSync(containerId, link);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  if (isLocked(containerLockPath(ctx, readlinkSync(link)))) return false;
  freeAddress(ctx, network.Name, address);
  symlinkSync(containerId, link);
  return true;
}

/** Docker's, from the address, so it is unique where the address is. */
function macOf(ip: IpNumber | undefined): string {
  const hex = ip?.version === 4 ? ip.value.toString(16).padStart(8, '0') : randomHex(4);
  return `02:42:${(hex.match(/../g) ?? []).join(':')}`;
}

const inUse = ({ Name }: NetworkRecord, address: string): EngineError =>
  new EngineError('ERR_ADDRESS_IN_USE', `failed to set up container networking: Address already in use: "${address}" on network ${Name}`, {
    hint: `See who has it: skiff network inspect ${Name}`,
    exitCode: 125,
  });

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
