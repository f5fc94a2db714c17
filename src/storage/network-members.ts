// Who is on a network now: `networks/<name>.d/members/<container id>.json`, written by the container's supervisor when it has joined and removed
// when it leaves. A member whose container's lock is free is dead: readers pass it over, writers remove it with its addresses.
// Trap: a killed supervisor leaves its members behind, and they seem alive again once the container is started anew; so a supervisor
// calls `leaveNetworks` before it joins any.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { isLocked } from '../sys/lock.ts';
import { containerLockPath } from './layout.ts';
import { listNetworks, networkFolder, noSuchNetwork, readNetwork, withNetworksLock } from './network.ts';
import { addressOwners, freeAddress } from './network-addresses.ts';
import type { MemberRecord, NetworkRecord } from './network-records.ts';

export type { MemberRecord } from './network-records.ts';

type HasPaths = Pick<Ctx, 'paths'>;
type Named = Pick<NetworkRecord, 'Name'>;

const membersFolder = (ctx: HasPaths, network: string): string => join(networkFolder(ctx, network), 'members');
const memberPath = (ctx: HasPaths, network: string, id: string): string => join(membersFolder(ctx, network), `${id}.json`);

/** The folder to watch for who joins and leaves; it may not be there yet. */
export const memberWatchFolder = membersFolder;

/** Writes, or replaces, who the container is on a network. Throws ERR_NO_SUCH_NETWORK when that was removed meanwhile. */
export function writeMember(ctx: HasPaths, network: Pick<NetworkRecord, 'Id' | 'Name'>, member: MemberRecord): void {
  withNetworksLock(ctx, () => {
    if (readNetwork(ctx, network.Name)?.Id !== network.Id) throw noSuchNetwork(network.Name, 125);
    // No member survives a reboot, so none need be on the disk for good.
    writeJsonAtomic(memberPath(ctx, network.Name, member.ContainerId), member, { durable: false });
  });
}

/** Takes the container off a network and frees its addresses. Nothing to do when it is not on it. */
export function removeMember(ctx: HasPaths, network: Named, containerId: string): void {
  withNetworksLock(ctx, () => drop(ctx, network.Name, containerId));
}

/** Lets nobody find the container on a network any more, though it keeps its addresses. */
export function hideMember(ctx: HasPaths, network: Named, containerId: string): void {
  rmSync(memberPath(ctx, network.Name, containerId), { force: true });
}

/** Takes the container off every network. */
export function leaveNetworks(ctx: HasPaths, containerId: string): void {
  const names = namesWithFolders(ctx);
  if (names.length === 0) return;
  withNetworksLock(ctx, () => {
    for (const name of names) drop(ctx, name, containerId);
  });
}

/** The running containers on a network, by name of the container. */
export function listMembers(ctx: HasPaths, network: string): MemberRecord[] {
  return memberIds(ctx, network)
    .filter((id) => isLocked(containerLockPath(ctx, id)))
    .flatMap((id) => readMember(ctx, network, id) ?? [])
    .toSorted((a, b) => (a.ContainerName < b.ContainerName ? -1 : 1));
}

/** One running container on a network; undefined when it is not on it. */
export function findMember(ctx: HasPaths, network: string, containerId: string): MemberRecord | undefined {
  return isLocked(containerLockPath(ctx, containerId)) ? readMember(ctx, network, containerId) : undefined;
}

/** Removes members and addresses whose containers are dead, of one network or of all. Returns the ids of those containers. */
export function sweepMembers(ctx: HasPaths, network?: string): string[] {
  const names = network === undefined ? namesWithFolders(ctx) : [network];
  if (names.length === 0) return [];
  return withNetworksLock(ctx, () => {
    const swept = new Set<string>();
    for (const name of names) {
      for (const id of deadOn(ctx, name)) {
        drop(ctx, name, id);
        swept.add(id);
      }
    }
    return [...swept];
  });
}

/** Ids of containers that do not run and have a member or an address on a network. */
export const deadMembers = (ctx: HasPaths): Set<string> => new Set(namesWithFolders(ctx).flatMap((name) => deadOn(ctx, name)));

function deadOn(ctx: HasPaths, network: string): string[] {
  const known = new Set([...memberIds(ctx, network), ...addressOwners(ctx, network).values()]);
  return [...known].filter((id) => !isLocked(containerLockPath(ctx, id)));
}

// If we die between the two, the addresses are a dead container's.
function drop(ctx: HasPaths, network: string, containerId: string): void {
  rmSync(memberPath(ctx, network, containerId), { force: true });
  for (const [address, owner] of addressOwners(ctx, network)) if (owner === containerId) freeAddress(ctx, network, address);
}

function readMember(ctx: HasPaths, network: string, id: string): MemberRecord | undefined {
  const value = readJson(memberPath(ctx, network, id)) as MemberRecord | undefined;
  return value?.version === 1 && value.ContainerId === id && Array.isArray(value.Aliases) ? value : undefined;
}

const namesWithFolders = (ctx: HasPaths): string[] =>
  listNetworks(ctx)
    .map(({ Name }) => Name)
    .filter((name) => namesIn(networkFolder(ctx, name)).length > 0);

const memberIds = (ctx: HasPaths, network: string): string[] =>
  namesIn(membersFolder(ctx, network)).flatMap((name) => /^([0-9a-f]{64})\.json$/.exec(name)?.[1] ?? []);

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
