// `network create`: what was asked for is checked as Docker's client and daemon do, in their words, then the network is made. Nothing is made of it
// in the kernel until a container joins.
import { recordEvent } from '../storage/events.ts';
import { createNetwork as makeNetwork } from '../storage/network-create.ts';
import { defaultNetwork } from '../storage/network-default.ts';
import type { NetworkPool, NetworkRecord } from '../storage/network-records.ts';
import { type Cidr, cidrText, contains, type IpNumber, ipNumber, overlaps, parseCidr } from '../sys/cidr.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { checkNetworkOptions } from './network-options.ts';

export interface CreateNetworkOptions {
  name: string;
  driver: string;
  ipv4: boolean;
  ipv6: boolean;
  internal: boolean;
  attachable: boolean;
  labels: Record<string, string>;
  options: Record<string, string>;
  ipamDriver: string;
  ipamOptions: Record<string, string>;
  subnets: readonly string[];
  ranges: readonly string[];
  gateways: readonly string[];
  /** Name → address. */
  aux: Readonly<Record<string, string>>;
}

/** Throws ERR_BAD_OPTION, ERR_NETWORK_NAME, ERR_NETWORK_DRIVER, and what the store throws; then nothing is made. */
export async function createNetwork(ctx: Ctx, asked: CreateNetworkOptions): Promise<NetworkRecord> {
  checkName(asked.name);
  checkDriver(asked.driver);
  checkIpam(asked);
  checkNetworkOptions(asked.options);
  if (!asked.ipv4 && !asked.ipv6) throw refuse('IPv4 or IPv6 must be enabled', 'Add --ipv6, or leave --ipv4=false out');
  // It comes first in the pools, as Docker's does, whoever uses it first.
  await defaultNetwork(ctx);
  const record = await makeNetwork(ctx, {
    Name: asked.name,
    Driver: 'bridge',
    EnableIPv4: asked.ipv4,
    EnableIPv6: asked.ipv6,
    Internal: asked.internal,
    Attachable: asked.attachable,
    Labels: asked.labels,
    Options: asked.options,
    IPAM: { Options: {}, Config: poolsOf(asked) },
  });
  recordEvent(ctx, { Type: 'network', Action: 'create', Actor: { ID: record.Id, Attributes: { name: record.Name, type: record.Driver } } });
  return record;
}

// What `--network` cannot name, or means otherwise, is no name; nor is what every object has, whose keys a container's networks are.
function checkName(name: string): void {
  if (name in {}) throw new EngineError('ERR_NETWORK_NAME', `Invalid network name "${name}": it is reserved`, { hint: 'Use another name' });
  if (/^[^\s\p{Cc}/,=:]+$/u.test(name) && name.length <= 200) return;
  throw new EngineError(
    'ERR_NETWORK_NAME',
    name.trim() === ''
      ? 'Invalid name: name is empty'
      : `Invalid network name ${JSON.stringify(name)}: it can have no spaces and none of / , = :`,
    { hint: 'Use letters, digits, dots and dashes' },
  );
}

const DRIVERS: Readonly<Record<string, string>> = {
  host: 'only one instance of "host" network is allowed',
  null: 'only one instance of "null" network is allowed',
  none: 'only one instance of "null" network is allowed',
  macvlan: 'a macvlan network takes an interface of the host, which only root can',
  ipvlan: 'an ipvlan network takes an interface of the host, which only root can',
  overlay: 'an overlay network spans the machines of a swarm, and there is none',
};

function checkDriver(driver: string): void {
  if (driver === 'bridge' || driver === '') return;
  const why = Object.hasOwn(DRIVERS, driver) ? DRIVERS[driver] : `could not find plugin ${driver} in v1 plugin registry: plugin not found`;
  throw new EngineError('ERR_NETWORK_DRIVER', `Cannot make a network with the driver "${driver}": ${why}`, { hint: 'Use --driver bridge' });
}

function checkIpam({ ipamDriver, ipamOptions }: CreateNetworkOptions): void {
  if (ipamDriver !== 'default' && ipamDriver !== '') {
    throw refuse(`failed to retrieve ipam driver information for "${ipamDriver}": there is no such driver`, 'Use --ipam-driver default');
  }
  const [option] = Object.keys(ipamOptions);
  if (option !== undefined) throw refuse(`Unknown IPAM option "${option}": the default driver has none`, 'Leave --ipam-opt out');
}

type AskedPool = Omit<NetworkPool, 'Gateway'> & { Gateway?: string };

/** Each subnet with the range, gateway and addresses that lie in it, as Docker's client sorts them; checked as its daemon does. */
function poolsOf({ subnets, ranges, gateways, aux, ipv4, ipv6 }: CreateNetworkOptions): AskedPool[] {
  if (subnets.length < ranges.length || subnets.length < gateways.length) {
    throw refuse('every ip-range or gateway must have a corresponding subnet', 'Give its subnet with --subnet');
  }
  const pools = subnets.map((text) => ({ subnet: subnetOf(text), pool: { Subnet: text } as AskedPool }));
  for (const [at, { subnet, pool }] of pools.entries()) {
    if (pools.slice(0, at).some((other) => overlaps(other.subnet, subnet))) {
      throw refuse('multiple overlapping subnet configuration is not supported', 'Give each --subnet once');
    }
    if (subnet.version === 6 ? !ipv6 : !ipv4) {
      throw refuse(
        `invalid subnet ${pool.Subnet}: IPv${subnet.version} has not been enabled for this network`,
        `Add --ipv${subnet.version}`,
      );
    }
  }
  for (const text of ranges) {
    const { subnet, pool } = holderOf(pools, text, { what: 'range', ip: firstOf(rangeOf(text)) });
    if (pool.IPRange) {
      throw refuse(`cannot configure multiple ranges (${text}, ${pool.IPRange}) on the same subnet (${pool.Subnet})`, 'Give one range');
    }
    if (rangeOf(text).prefix < subnet.prefix) {
      throw refuse(`invalid ip-range ${text}: CIDR block is bigger than its parent subnet ${pool.Subnet}`, 'Give a smaller range');
    }
    pool.IPRange = text;
  }
  for (const text of gateways) {
    const { pool } = holderOf(pools, text, { what: 'gateway', ip: addressOf(text) });
    if (pool.Gateway) {
      throw refuse(
        `cannot configure multiple gateways (${text}, ${pool.Gateway}) for the same subnet (${pool.Subnet})`,
        'Give one gateway',
      );
    }
    pool.Gateway = text;
  }
  for (const [name, text] of Object.entries(aux)) {
    const { pool } = holderOf(pools, text, { what: 'aux-address', ip: addressOf(text) });
    if (Object.values({ gateway: pool.Gateway, ...pool.AuxiliaryAddresses }).includes(text)) {
      throw refuse(`failed to allocate secondary ip address (${name}:${text}): Address already in use`, 'Give each address once');
    }
    pool.AuxiliaryAddresses = { ...pool.AuxiliaryAddresses, [name]: text };
  }
  for (const version of [4, 6]) {
    if (pools.filter(({ subnet }) => subnet.version === version).length > 1) {
      throw refuse("bridge driver doesn't support multiple subnets", 'Give at most one subnet of IPv4 and, with --ipv6, one of IPv6');
    }
  }
  return pools.map(({ pool }) => pool);
}

function subnetOf(text: string): Cidr {
  const subnet = parseCidr(text);
  if (!subnet) throw refuse(`invalid CIDR address: ${text}`, 'Write a subnet as 172.28.0.0/16');
  if (subnet.address !== subnet.first)
    throw refuse(`invalid subnet ${text}: it should be ${cidrText(subnet)}`, `Give --subnet ${cidrText(subnet)}`);
  if (subnet.prefix < (subnet.version === 4 ? 4 : 8) || SPECIAL.some((special) => overlaps(special, subnet))) {
    throw refuse(`invalid subnet ${text}: its addresses are no machine's`, 'Give a private one, such as 172.28.0.0/16');
  }
  if (subnet.last - subnet.first < 1n)
    throw refuse(`invalid subnet ${text}: it has no room for a gateway and a container`, 'Give a larger one');
  return subnet;
}

/** Loopback, link-local and multicast. */
const SPECIAL = ['127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::1/128', 'fe80::/10', 'ff00::/8'].flatMap(
  (text) => parseCidr(text) ?? [],
);

function rangeOf(text: string): Cidr {
  const range = parseCidr(text);
  if (!range) throw refuse(`invalid CIDR address: ${text}`, 'Write a range as 172.28.5.0/24');
  if (range.address !== range.first)
    throw refuse(`invalid ip-range ${text}: it should be ${cidrText(range)}`, `Give --ip-range ${cidrText(range)}`);
  return range;
}

const firstOf = ({ version, first }: Cidr): IpNumber => ({ version, value: first });

function addressOf(text: string): IpNumber {
  const ip = ipNumber(text);
  if (ip) return ip;
  throw refuse(`invalid address: ${text}`, 'Write an address as 172.28.0.1');
}

interface Held {
  subnet: Cidr;
  pool: AskedPool;
}

function holderOf(pools: readonly Held[], text: string, { what, ip }: { what: string; ip: IpNumber }): Held {
  const found = pools.find(({ subnet }) => contains(subnet, ip));
  if (!found) throw refuse(`no matching subnet for ${what} ${text}`, 'Give its subnet with --subnet');
  const { subnet } = found;
  const isEnd = ip.value === subnet.first || (subnet.version === 4 && ip.value === subnet.last);
  if (what !== 'range' && isEnd && subnet.last - subnet.first > 1n) {
    throw refuse(
      `invalid ${what} ${text}: it is the address of the subnet ${found.pool.Subnet} itself, or its broadcast one`,
      'Give another',
    );
  }
  return found;
}

const refuse = (message: string, hint: string): EngineError => new EngineError('ERR_BAD_OPTION', message, { hint });
