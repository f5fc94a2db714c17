// The default network, `bridge`, as a network with a subnet: its record is written when a container is first put on it. It keeps its subnet
// while a container runs on it; else one that a new route of the host (a VPN) overlaps by now is changed.
import { overlaps, parseCidr } from '../sys/cidr.ts';
import type { Ctx } from '../sys/context.ts';
import { hostRoutes, routeTable } from '../sys/host-routes.ts';
import { isLocked } from '../sys/lock.ts';
import { containerLockPath } from './layout.ts';
import { type NetworkRecord, readNetwork, takenSubnets, withNetworksLock, writeNetwork } from './network.ts';
import { addressOwners } from './network-addresses.ts';

/** The record of `bridge`, with an IPv4 subnet. Throws ERR_POOLS_EXHAUSTED, ERR_NETWORKS_FILE. `procNet` as for `hostRoutes`. */
export async function defaultNetwork(
  ctx: Pick<Ctx, 'paths' | 'env' | 'now'>,
  { procNet }: { procNet?: string } = {},
): Promise<NetworkRecord> {
  const isGood = (record: NetworkRecord): boolean => isClear(record, procNet);
  const known = readNetwork(ctx, 'bridge');
  if (known && isGood(known)) return known;
  const { poolSource } = await import('./network-pools.ts');
  const source = poolSource(ctx, procNet === undefined ? {} : { procNet });
  return withNetworksLock(ctx, () => {
    const now = readNetwork(ctx, 'bridge');
    if (!now) throw new Error('The network "bridge" is always there');
    if (isGood(now) || (now.IPAM.Config.length > 0 && isUsed(ctx))) return now;
    const own = new Set(now.IPAM.Config.map(({ Subnet }) => Subnet));
    const others = takenSubnets(ctx).filter((subnet) => ![...own].some((text) => overlaps(subnet, parseCidr(text) ?? subnet)));
    const Config = [source.pool(4, undefined, others)];
    return writeNetwork(ctx, { ...now, Created: ctx.now().toISOString(), IPAM: { ...now.IPAM, Config } });
  });
}

function isClear({ IPAM }: NetworkRecord, procNet: string | undefined): boolean {
  const subnets = IPAM.Config.flatMap(({ Subnet }) => parseCidr(Subnet) ?? []);
  return subnets.length > 0 && !hostRoutes(routeTable(procNet)).some((route) => subnets.some((subnet) => overlaps(subnet, route)));
}

const isUsed = (ctx: Pick<Ctx, 'paths'>): boolean =>
  [...addressOwners(ctx, 'bridge').values()].some((id) => isLocked(containerLockPath(ctx, id)));
