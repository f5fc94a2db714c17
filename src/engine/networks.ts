// Networks as `network ls`, `inspect` and `rm` have them: the records, and who is on them.
import { type ContainerView, listContainers } from '../storage/container.ts';
import { runId } from '../storage/container-uses.ts';
import { endpointsOf } from '../storage/endpoint.ts';
import { recordEvent } from '../storage/events.ts';
import { isPredefined, listNetworks as readNetworks, requireNetwork } from '../storage/network.ts';
import { listMembers, type MemberRecord } from '../storage/network-members.ts';
import type { NetworkRecord } from '../storage/network-records.ts';
import { removeNetwork as dropNetwork } from '../storage/network-removal.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { booleanFilter, type Filters, invalidFilter, labelsMatch, parseFilters, textMatches } from './filter.ts';

export type { MemberRecord } from '../storage/network-members.ts';
export type { NetworkRecord } from '../storage/network-records.ts';

const FILTERS = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];

/** Networks by name. Throws ERR_BAD_FILTER. */
export function listNetworks(ctx: Ctx, filters: readonly string[] = []): NetworkRecord[] {
  const wanted = parseFilters(filters, FILTERS);
  for (const type of wanted.get('type') ?? []) {
    if (type !== 'builtin' && type !== 'custom') throw invalidFilter(`type=${type}`, 'Give type=builtin or type=custom');
  }
  const dangling = booleanFilter(wanted, 'dangling');
  const used = dangling === undefined ? new Set<string>() : usedNetworks(ctx);
  return readNetworks(ctx).filter(
    (record) => fits(wanted, record) && (dangling === undefined || dangling === (!isPredefined(record.Name) && !used.has(record.Id))),
  );
}

export interface InspectedNetwork {
  record: NetworkRecord;
  /** The running containers on it. */
  members: MemberRecord[];
}

/** Throws ERR_NO_SUCH_NETWORK, ERR_AMBIGUOUS_ID. */
export function inspectNetwork(ctx: Ctx, wanted: string): InspectedNetwork {
  const record = requireNetwork(ctx, wanted);
  return { record, members: isPredefined(record.Name) ? usersOf(ctx, record.Name) : listMembers(ctx, record.Name) };
}

/** Who is on a network that is always there is said by the containers' states alone: nobody looks for their names on it. */
function usersOf(ctx: Ctx, name: string): MemberRecord[] {
  const running = listContainers(ctx).filter(({ state: { Status } }) => Status === 'running' || Status === 'paused');
  const users = running.filter(({ record }) => Object.hasOwn(endpointsOf(record), name));
  return users.map((view) => memberOf(view, name)).toSorted((a, b) => (a.ContainerName < b.ContainerName ? -1 : 1));
}

function memberOf(view: ContainerView, name: string): MemberRecord {
  const { record, state } = view;
  const live = state.Networks?.[name];
  const { IPAddress, IPPrefixLen, MacAddress, IPv6Address } = state.Network;
  return {
    version: 1,
    ContainerId: record.Id,
    ContainerName: record.Name,
    Hostname: record.Config.Hostname,
    EndpointId: live?.EndpointID ?? runId(view, 'endpoint'),
    Interface: live?.Interface ?? '',
    MacAddress: live?.MacAddress ?? MacAddress,
    IPv4: live?.IPAddress ?? IPAddress,
    IPv4Prefix: live?.IPPrefixLen ?? IPPrefixLen,
    IPv6: live?.GlobalIPv6Address ?? IPv6Address,
    IPv6Prefix: live?.GlobalIPv6PrefixLen ?? DEFAULT_PREFIX6,
    Gateway: live?.Gateway ?? state.Network.Gateway,
    Aliases: [],
  };
}

/** Of the default network, whose state does not tell it. */
const DEFAULT_PREFIX6 = 64;

/** Removes a network that no running container is on. Throws ERR_NO_SUCH_NETWORK, ERR_NETWORK_IN_USE, ERR_NETWORK_PREDEFINED. */
export async function removeNetwork(ctx: Ctx, wanted: string): Promise<void> {
  const network = dropNetwork(ctx, wanted);
  const { Id, Name, Driver } = network;
  const { removeBridge } = await import('../runtime/network/bridge.ts');
  await removeBridge(ctx, network);
  recordEvent(ctx, { Type: 'network', Action: 'destroy', Actor: { ID: Id, Attributes: { name: Name, type: Driver } } });
}

/** Ids of networks that a container names, whether it runs or not, and of those that somebody is on. */
export function usedNetworks(ctx: Ctx, { without = [] }: { without?: readonly string[] } = {}): Set<string> {
  const records = listContainers(ctx).flatMap(({ record }) => (without.includes(record.Id) ? [] : [record]));
  const named = records.flatMap((record) => Object.values(endpointsOf(record)).map(({ NetworkID }) => NetworkID));
  const busy = readNetworks(ctx).filter(({ Name }) => listMembers(ctx, Name).length > 0);
  return new Set([...named, ...busy.map(({ Id }) => Id)]);
}

/** Whether an error says that the network is not there. */
export const isNoSuchNetwork = (error: unknown): boolean => error instanceof EngineError && error.code === 'ERR_NO_SUCH_NETWORK';

function fits(wanted: Filters, { Id, Name, Driver, Labels }: NetworkRecord): boolean {
  const scopes = wanted.get('scope');
  const types = wanted.get('type');
  return (
    textMatches(wanted.get('id'), Id) &&
    textMatches(wanted.get('name'), Name) &&
    (wanted.get('driver')?.includes(Driver) ?? true) &&
    (scopes?.includes('local') ?? true) &&
    (types?.includes(isPredefined(Name) ? 'builtin' : 'custom') ?? true) &&
    labelsMatch(wanted, Labels)
  );
}
