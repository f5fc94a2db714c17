// Removing a network: refused while a running container is on it. Containers that are down keep its name in their records, and fail to start.
import { rmSync } from 'node:fs';
import { syncFolder } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { networksDir } from './layout.ts';
import { isPredefined, networkFolder, recordPath, requireNetwork, withNetworksLock } from './network.ts';
import { listMembers } from './network-members.ts';
import type { NetworkRecord } from './network-records.ts';

/**
 * Removes a network and returns what it was. Throws ERR_NO_SUCH_NETWORK, ERR_NETWORK_IN_USE while a running container is on it,
 * ERR_NETWORK_PREDEFINED.
 */
export function removeNetwork(ctx: Pick<Ctx, 'paths'>, wanted: string): NetworkRecord {
  return withNetworksLock(ctx, () => {
    const record = requireNetwork(ctx, wanted);
    if (isPredefined(record.Name)) {
      throw new EngineError('ERR_NETWORK_PREDEFINED', `${record.Name} is a pre-defined network and cannot be removed`, {
        hint: 'It takes no room and is used by nobody who does not name it',
      });
    }
    const members = listMembers(ctx, record.Name);
    if (members.length > 0) throw inUse(record, members);
    // If we die between the two, the folder is an orphan.
    rmSync(recordPath(ctx, record.Name), { force: true });
    syncFolder(networksDir(ctx));
    rmSync(networkFolder(ctx, record.Name), { recursive: true, force: true });
    return record;
  });
}

function inUse({ Name }: NetworkRecord, members: ReturnType<typeof listMembers>): EngineError {
  const who = members.map(({ ContainerName, EndpointId }) => `name:${JSON.stringify(ContainerName)} id:"${EndpointId.slice(0, 12)}"`);
  return new EngineError('ERR_NETWORK_IN_USE', `error while removing network: network ${Name} has active endpoints (${who.join(', ')})`, {
    hint: `Disconnect them, or stop the containers: skiff network disconnect ${Name} ${members[0]?.ContainerName ?? ''}`,
  });
}
