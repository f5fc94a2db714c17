// Making a network: its name and its subnets are chosen and written under the lock of all networks. Before the record stands there is nothing.
import { parseCidr } from '../sys/cidr.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { randomHex } from '../sys/random.ts';
import { bridgeName, isPredefined, listNetworks, readNetwork, takenSubnets, withNetworksLock, writeNetwork } from './network.ts';
import { removeOrphans } from './network-orphans.ts';
import type { NetworkPool, NetworkRecord } from './network-records.ts';

/** A network as it is asked for. A pool of the asked ones may lack its gateway. */
export type NewNetwork = Pick<NetworkRecord, 'Name'> &
  Partial<Omit<NetworkRecord, 'version' | 'Id' | 'Name' | 'Created' | 'IPAM'>> & {
    IPAM?: { Options: Record<string, string> | null; Config: (Omit<NetworkPool, 'Gateway'> & { Gateway?: string })[] };
  };

/**
 * Makes a network. A pool without a subnet gets one from the default pools; each pool gets its gateway. Throws ERR_NETWORK_EXISTS,
 * ERR_BRIDGE_NAME, ERR_POOL_OVERLAP, ERR_POOLS_EXHAUSTED, ERR_NETWORK_PREDEFINED; then nothing is left.
 */
export async function createNetwork(ctx: Pick<Ctx, 'paths' | 'env' | 'now'>, network: NewNetwork): Promise<NetworkRecord> {
  if (isPredefined(network.Name)) throw predefined(network.Name);
  const { poolSource } = await import('./network-pools.ts');
  const source = poolSource(ctx);
  return withNetworksLock(ctx, () => {
    const known = readNetwork(ctx, network.Name);
    if (known) throw taken(known);
    refuseSameBridge(ctx, network);
    removeOrphans(ctx);
    const others = takenSubnets(ctx);
    return writeNetwork(
      ctx,
      completed(ctx, network, (family, asked) => source.pool(family, asked, others)),
    );
  });
}

type HasPaths = Pick<Ctx, 'paths'>;
type Choose = (family: 4 | 6, asked: Partial<NetworkPool> | undefined) => NetworkPool;

function completed(ctx: Pick<Ctx, 'now'>, network: NewNetwork, choose: Choose): NetworkRecord {
  const { EnableIPv4 = true, EnableIPv6 = false } = network;
  const asked = network.IPAM?.Config ?? [];
  const families = [...(EnableIPv4 ? [4 as const] : []), ...(EnableIPv6 ? [6 as const] : [])];
  const Config = families.map((family) =>
    choose(
      family,
      asked.find(({ Subnet }) => parseCidr(Subnet)?.version === family),
    ),
  );
  return {
    version: 1,
    Id: randomHex(32),
    Name: network.Name,
    Created: ctx.now().toISOString(),
    Driver: network.Driver ?? 'bridge',
    EnableIPv4,
    EnableIPv6,
    Internal: network.Internal ?? false,
    Attachable: network.Attachable ?? false,
    Labels: network.Labels ?? {},
    Options: network.Options ?? {},
    IPAM: { Driver: 'default', Options: network.IPAM?.Options ?? null, Config },
  };
}

function refuseSameBridge(ctx: HasPaths, { Name, Options = {} }: NewNetwork): void {
  const bridge = Options['com.docker.network.bridge.name'];
  const other =
    bridge === undefined ? undefined : listNetworks(ctx).find((record) => record.Driver === 'bridge' && bridgeName(record) === bridge);
  if (!other) return;
  throw new EngineError(
    'ERR_BRIDGE_NAME',
    `cannot create network ${Name} (${bridge}): conflicts with network ${other.Name} (${bridge}): networks have same bridge name`,
    { hint: 'Choose another com.docker.network.bridge.name, or leave it out' },
  );
}

const taken = ({ Name }: NetworkRecord): EngineError =>
  new EngineError('ERR_NETWORK_EXISTS', `network with name ${Name} already exists`, {
    hint: `Take another name, or remove that one: skiff network rm ${Name}`,
  });

const predefined = (name: string): EngineError =>
  new EngineError('ERR_NETWORK_PREDEFINED', `operation is not permitted on predefined ${name} network`, { hint: 'Take another name' });
