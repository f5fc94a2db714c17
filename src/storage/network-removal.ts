// Removing a network: refused while a running container is on it. Containers that are down keep its name in their records, and fail to start.
import { rmSync } from 'node:fs';
import { readJson, syncFolder } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { isLocked } from '../sys/lock.ts';
import { containerConfigPath, containerLockPath, networksDir } from './layout.ts';
import { isPredefined, networkFolder, recordPath, requireNetwork, withNetworksLock } from './network.ts';
import { addressOwners } from './network-addresses.ts';
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
    const users = usersOf(ctx, record.Name);
    if (users.length > 0) throw inUse(record, users);
    // If we die between the two, the folder is an orphan.
    rmSync(recordPath(ctx, record.Name), { force: true });
    syncFolder(networksDir(ctx));
    rmSync(networkFolder(ctx, record.Name), { recursive: true, force: true });
    return record;
  });
}

interface User {
  name: string;
  id: string;
}

/** Its members, and who has an address on it without being one: a container that is just joining, or is between two runs. */
function usersOf(ctx: Pick<Ctx, 'paths'>, network: string): User[] {
  const members = listMembers(ctx, network);
  const known = new Set(members.map(({ ContainerId }) => ContainerId));
  const others = [...new Set(addressOwners(ctx, network).values())].filter((id) => !known.has(id) && isLocked(containerLockPath(ctx, id)));
  return [
    ...members.map(({ ContainerName, EndpointId }) => ({ name: ContainerName, id: EndpointId })),
    ...others.map((id) => ({ name: (readJson(containerConfigPath(ctx, id)) as { Name?: string } | undefined)?.Name ?? id, id })),
  ];
}

function inUse({ Name }: NetworkRecord, users: readonly User[]): EngineError {
  const who = users.map(({ name, id }) => `name:${JSON.stringify(name)} id:"${id.slice(0, 12)}"`);
  return new EngineError('ERR_NETWORK_IN_USE', `error while removing network: network ${Name} has active endpoints (${who.join(', ')})`, {
    hint: `Disconnect them, or stop the containers: skiff network disconnect ${Name} ${users[0]?.name ?? ''}`,
  });
}
