// `network prune`: removes every user-defined network that no container names, running or not. One that a container joins meanwhile stays.
import { recordEvent } from '../storage/events.ts';
import { isPredefined, listNetworks, withNetworksLock } from '../storage/network.ts';
import { sweepMembers } from '../storage/network-members.ts';
import { orphanFiles, removeOrphans } from '../storage/network-orphans.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { removeNetwork, usedNetworks } from './networks.ts';
import type { PruneFilter } from './prune-filter.ts';

/** Names of what went. With `dryRun` of what would; `absent` are ids of containers that are gone by then. */
export async function pruneNetworks(
  ctx: Ctx,
  { fits }: PruneFilter,
  { dryRun = false, absent = [] as readonly string[] } = {},
): Promise<string[]> {
  const used = usedNetworks(ctx, { without: absent });
  const meant = listNetworks(ctx).filter(
    ({ Id, Name, Created, Labels }) => !isPredefined(Name) && !used.has(Id) && fits(Created, () => Labels),
  );
  if (dryRun) return meant.map(({ Name }) => Name);
  sweepMembers(ctx);
  // Only then: a lock's file that is not there yet needs room on the disk.
  if (orphanFiles(ctx).length > 0) withNetworksLock(ctx, () => removeOrphans(ctx));
  const deleted: string[] = [];
  for (const { Name } of meant) if (await tryRemove(ctx, Name)) deleted.push(Name);
  recordEvent(ctx, { Type: 'network', Action: 'prune', Actor: { ID: '', Attributes: { reclaimed: '0' } } });
  return deleted;
}

async function tryRemove(ctx: Ctx, name: string): Promise<boolean> {
  try {
    await removeNetwork(ctx, name);
    return true;
  } catch (error) {
    if (error instanceof EngineError && (error.code === 'ERR_NETWORK_IN_USE' || error.code === 'ERR_NO_SUCH_NETWORK')) return false;
    throw error;
  }
}
