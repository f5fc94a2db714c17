// The Linux bridge of a network, in the shared netns. Whoever joins a network says all of what its bridge should be, so nobody has to know whether it
// is there, nor to wait for who makes it; of two that do so at once, each finds part of it done. It stays when the last member leaves.
import { bridgeName } from '../../storage/network.ts';
import type { NetworkRecord } from '../../storage/network-records.ts';
import { parseCidr } from '../../sys/cidr.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { parseIp } from '../../sys/ip.ts';
import { readHolder } from '../userns.ts';
import { type IpFailure, type IpLine, ipBatch } from './ip-batch.ts';
import { enterSharedNetnsArgv } from './shared-netns.ts';

/** Rules of our own, before the main table. */
const RULE_PREFERENCE = 100;

/** What makes the network's bridge, or leaves it as it is. */
export function bridgeLines(network: NetworkRecord): IpLine[] {
  const bridge = bridgeName(network);
  const { Gateway } = network.IPAM.Config[0] ?? {};
  const mac = Gateway ? parseIp(Gateway) : undefined;
  return [
    // An address of its own: else it would change with the members, and theirs of it would be wrong.
    { words: `link add ${bridge} ${mac?.length === 4 ? `address ${gatewayMac(mac)} ` : ''}type bridge`, mayFail: /File exists/ },
    ...(hasIpv6(network) ? [] : [{ words: `link set ${bridge} addrgenmode none`, mayFail: 'any' as const }]),
    ...network.IPAM.Config.filter((pool) => pool.Gateway !== '').map(({ Subnet, Gateway }) => {
      const isIpv6 = Gateway.includes(':');
      return { words: `addr replace ${Gateway}/${parseCidr(Subnet)?.prefix} dev ${bridge}${isIpv6 ? ' nodad' : ''}` };
    }),
    { words: `link set ${bridge} up` },
    // Nothing that comes from this network goes on to another, whatever the host's own sysctls have made of the netns.
    { words: `rule add pref ${RULE_PREFERENCE} iif ${bridge} unreachable`, mayFail: 'any' },
  ];
}

/**
 * What the shared netns needs for networks with IPv6, of that family: nothing but its own goes anywhere from it. No bridge leads out by IPv6, so one
 * pair of rules for all does, which stays.
 */
export const ISOLATION6: readonly IpLine[] = [
  { words: `rule add pref ${RULE_PREFERENCE} iif lo lookup main`, mayFail: 'any' },
  { words: `rule add pref ${RULE_PREFERENCE + 1} unreachable`, mayFail: 'any' },
];

export const hasIpv6 = ({ IPAM }: NetworkRecord): boolean => IPAM.Config.some(({ Subnet }) => Subnet.includes(':'));

/** Removes a network's bridge; nothing to do when there is none. For `network rm`, once nobody is on it. */
export async function removeBridge(ctx: Pick<Ctx, 'paths' | 'env'>, network: Pick<NetworkRecord, 'Id' | 'Options'>): Promise<void> {
  const holder = readHolder(ctx);
  const enter = holder && enterSharedNetnsArgv(holder);
  if (!enter) return;
  const bridge = bridgeName(network);
  const lines: IpLine[] = [
    { words: `rule del pref ${RULE_PREFERENCE} iif ${bridge} unreachable`, mayFail: 'any' },
    { words: `link del ${bridge} type bridge`, mayFail: 'any' },
  ];
  await ipBatch(lines, { enter, env: ctx.env }).catch(() => undefined);
}

/** Why a network could not be joined, as a sentence: the kernel's module is named where it lacks one. */
export function networkFailure({ words = '', reason }: IpFailure, network: string): EngineError {
  const [, kind] = /type (bridge|veth)\b/.exec(words) ?? [];
  if (kind && /Operation not supported|Unknown device type/.test(reason)) {
    return new EngineError('ERR_NO_MODULE', `Cannot connect to network "${network}": this kernel lacks the module "${kind}"`, {
      hint: `Load it: sudo modprobe ${kind} (where it is not installed: --network bridge, host and none do without it)`,
      exitCode: 125,
    });
  }
  return new EngineError('ERR_NETWORK_SETUP', `Cannot connect to network "${network}": ip failed: ${reason}`, {
    hint: `It was asked for: ip ${words || 'a batch of lines'}`,
    exitCode: 125,
  });
}

const gatewayMac = (address: Uint8Array): string =>
  ['02', '42', ...[...address].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
