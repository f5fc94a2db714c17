// The flags of `run` and `create` that say on which networks a container is, and what it has there. As in Docker those without a network's name
// belong to the first network.
import {
  addressOf,
  linkLocalAddress,
  macAddress,
  type NetworkAttachment,
  networkAlias,
  parseNetwork,
  plainAttachment,
} from '../engine/create/network-spec.ts';
import type { CreateOptions } from '../engine/create/options.ts';
import { EngineError } from '../sys/errors.ts';
import { type FlagValues, flag, type ListFlag } from './flag.ts';

function listOf<T>(parse: (text: string) => T, spec: { description: string; helpValue?: string; aliases?: string[] }): ListFlag<T> {
  return { helpValue: 'list', ...spec, type: 'option', multiple: true, default: [], parse };
}

export const networkFlags = {
  ip: flag.custom({ description: 'IPv4 address (e.g., 172.30.100.104)', parse: (text) => addressOf(4, text) }),
  ip6: flag.custom({ description: 'IPv6 address (e.g., 2001:db8::33)', parse: (text) => addressOf(6, text) }),
  'link-local-ip': listOf(linkLocalAddress, { description: 'Container IPv4/IPv6 link-local addresses' }),
  'mac-address': flag.custom({ description: 'Container MAC address (e.g., 92:d0:c6:0a:29:33)', parse: macAddress }),
  network: listOf(parseNetwork, {
    aliases: ['net'],
    helpValue: 'network',
    description: 'Connect a container to a network (a name, bridge, host, none, container:NAME)',
  }),
  'network-alias': listOf(networkAlias, { description: 'Add network-scoped alias for the container' }),
};

/** What was asked for: one network and nothing of it is its name alone. Throws ERR_BAD_OPTION (125). */
export function networkOptions(flags: FlagValues<typeof networkFlags>): {
  mode: { NetworkMode?: string };
  networks: Pick<CreateOptions, 'Networks'>;
} {
  const [first = plainAttachment('bridge'), ...others] = flags.network;
  const own = {
    aliases: flags['network-alias'],
    ip: flags.ip,
    ip6: flags.ip6,
    mac: flags['mac-address'],
    linkLocalIps: flags['link-local-ip'],
  };
  const whole = withOwn(first, own);
  if (whole !== first || others.length > 0 || !isPlain(first)) return { mode: {}, networks: { Networks: [whole, ...others] } };
  return { mode: flags.network.length > 0 ? { NetworkMode: first.target } : {}, networks: {} };
}

const isPlain = ({ aliases, ip, ip6, linkLocalIps, mac, driverOpts, gwPriority }: NetworkAttachment): boolean =>
  aliases.length + linkLocalIps.length + Object.keys(driverOpts).length === 0 &&
  [ip, ip6, mac, gwPriority].every((value) => value === undefined);

interface OwnFlags extends Pick<NetworkAttachment, 'aliases' | 'linkLocalIps'> {
  ip: string | undefined;
  ip6: string | undefined;
  mac: string | undefined;
}

function withOwn(first: NetworkAttachment, own: OwnFlags): NetworkAttachment {
  if (own.aliases.length > 0 && first.aliases.length > 0) throw both('--network-alias', 'alias');
  if (own.linkLocalIps.length > 0 && first.linkLocalIps.length > 0) throw both('--link-local-ip', 'link-local IP addresses');
  if (own.ip && first.ip) throw both('--ip', 'IPv4 address');
  if (own.ip6 && first.ip6) throw both('--ip6', 'IPv6 address');
  if (own.mac && first.mac) throw both('--mac-address', 'MAC address');
  if (!own.ip && !own.ip6 && !own.mac && own.aliases.length === 0 && own.linkLocalIps.length === 0) return first;
  return {
    ...first,
    aliases: [...first.aliases, ...own.aliases],
    linkLocalIps: [...first.linkLocalIps, ...own.linkLocalIps],
    ...(own.ip ? { ip: own.ip } : {}),
    ...(own.ip6 ? { ip6: own.ip6 } : {}),
    ...(own.mac ? { mac: own.mac } : {}),
  };
}

const both = (option: string, what: string): EngineError =>
  new EngineError('ERR_BAD_OPTION', `Conflicting options: cannot specify both ${option} and per-network ${what}`, {
    hint: 'Give it in one of the two places',
    exitCode: 125,
  });
