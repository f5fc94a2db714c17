// User-defined networks: `networks/<encoded name>.json`, never changed once written, with `<encoded name>.d/` beside it for the addresses and the
// members of running containers (network-addresses.ts, network-members.ts). Whoever writes any of it holds the lock of all networks, so names,
// subnets and addresses are unique. Crash rule: the record is the network; a folder without one is garbage that the next `network create` removes.
// Trap: `bridge`, `host` and `none` are always there; of them only `bridge` gets a file, when it is first used (network-default.ts).
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJsonAtomic } from '../sys/atomic.ts';
import { type Cidr, parseCidr } from '../sys/cidr.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { withLock } from '../sys/lock.ts';
import { networksDir } from './layout.ts';
import { networkId } from './network-id.ts';
import type { NetworkRecord } from './network-records.ts';

export type { NetworkPool, NetworkRecord } from './network-records.ts';

type HasPaths = Pick<Ctx, 'paths'>;

/** Networks that are always there, with Docker's drivers. */
export const PREDEFINED: Readonly<Record<string, NetworkRecord['Driver']>> = { bridge: 'bridge', host: 'host', none: 'null' };

const LONGEST_NAME = 200;

/** The file name of a network's record without `.json`. */
export function encodedName(name: string): string {
  const encoded = encodeURIComponent(name).replaceAll('.', '%2E');
  return encoded.length > LONGEST_NAME ? `sha256-${networkId(name)}` : encoded;
}

/** Where addresses and members of a network lie. */
export const networkFolder = (ctx: HasPaths, name: string): string => join(networksDir(ctx), `${encodedName(name)}.d`);

/** Where a network's record lies. */
export const recordPath = (ctx: HasPaths, name: string): string => join(networksDir(ctx), `${encodedName(name)}.json`);

/** Runs `fn` while nobody else changes any network, its addresses or its members. Short, as with every lock. */
export const withNetworksLock = <T>(ctx: HasPaths, fn: () => T): T => withLock(join(networksDir(ctx), 'lock'), fn);

/** Writes a network's record. Only under the lock of all networks. */
export function writeNetwork(ctx: HasPaths, record: NetworkRecord): NetworkRecord {
  writeJsonAtomic(recordPath(ctx, record.Name), record);
  return record;
}

/** The network of that name; undefined when there is none that can be read. */
export function readNetwork(ctx: HasPaths, name: string): NetworkRecord | undefined {
  const record = readJson(recordPath(ctx, name));
  if (isRecord(record) && record.Name === name) return record;
  return Object.hasOwn(PREDEFINED, name) ? predefinedRecord(name) : undefined;
}

/** By name, full id or unique beginning of an id, in Docker's order. Throws ERR_AMBIGUOUS_ID. */
export function findNetwork(ctx: HasPaths, wanted: string): NetworkRecord | undefined {
  const named = wanted === '' ? undefined : readNetwork(ctx, wanted);
  if (named || !/^[0-9a-f]{1,64}$/.test(wanted)) return named;
  const [first, ...more] = listNetworks(ctx).filter(({ Id }) => Id.startsWith(wanted));
  if (more.length > 0) {
    throw new EngineError('ERR_AMBIGUOUS_ID', `network ${wanted} is ambiguous (${more.length + 1} matches found based on ID prefix)`, {
      hint: 'Give more digits of the id, or the name',
    });
  }
  return first;
}

/** `findNetwork`, or ERR_NO_SUCH_NETWORK. */
export function requireNetwork(ctx: HasPaths, wanted: string, { exitCode = 1 } = {}): NetworkRecord {
  const found = findNetwork(ctx, wanted);
  if (found) return found;
  throw noSuchNetwork(wanted, exitCode);
}

/** Every readable network by name, those that are always there among them. */
export function listNetworks(ctx: HasPaths): NetworkRecord[] {
  const written = fileNames(ctx)
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    .map((name) => readJson(join(networksDir(ctx), name)))
    .filter(isRecord);
  const names = new Set(written.map(({ Name }) => Name));
  const always = Object.keys(PREDEFINED).filter((name) => !names.has(name));
  return [...written, ...always.map(predefinedRecord)].toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** Whether the network is one of those that are always there; `default` is another name of `bridge`. */
export const isPredefined = (name: string): boolean => Object.hasOwn(PREDEFINED, name) || name === 'default';

/** The Linux bridge of a network; at most 15 characters. */
export const bridgeName = ({ Id, Options }: Pick<NetworkRecord, 'Id' | 'Options'>): string =>
  Options['com.docker.network.bridge.name'] ?? `br-${Id.slice(0, 12)}`;

/** The subnets of all networks. */
export function takenSubnets(ctx: HasPaths): Cidr[] {
  return listNetworks(ctx).flatMap(({ IPAM }) => IPAM.Config.flatMap(({ Subnet }) => parseCidr(Subnet) ?? []));
}

export const noSuchNetwork = (wanted: string, exitCode = 1): EngineError =>
  new EngineError('ERR_NO_SUCH_NETWORK', `network ${wanted} not found`, {
    hint: 'List what there is: skiff network ls',
    exitCode,
  });

function predefinedRecord(name: string): NetworkRecord {
  const Driver = PREDEFINED[name] ?? 'bridge';
  return {
    version: 1,
    Id: networkId(name),
    Name: name,
    Created: '0001-01-01T00:00:00Z',
    Driver,
    EnableIPv4: true,
    EnableIPv6: false,
    Internal: false,
    Attachable: false,
    Labels: {},
    Options: {},
    IPAM: { Driver: 'default', Options: null, Config: [] },
  };
}

function isRecord(value: unknown): value is NetworkRecord {
  const record = value as NetworkRecord | undefined;
  return (
    record?.version === 1 &&
    typeof record.Name === 'string' &&
    typeof record.Id === 'string' &&
    Array.isArray(record.IPAM?.Config) &&
    record.IPAM.Config.every(({ Subnet, Gateway }) => parseCidr(String(Subnet)) !== undefined && typeof Gateway === 'string')
  );
}

/** What lies beside the records, too. */
export function fileNames(ctx: HasPaths): string[] {
  try {
    return readdirSync(networksDir(ctx));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

export const overlapping = (subnet: string): EngineError =>
  new EngineError('ERR_POOL_OVERLAP', `invalid pool request: Pool overlaps with other one on this address space: "${subnet}"`, {
    hint: 'See which subnets are taken: skiff network inspect $(skiff network ls -q); or leave --subnet out',
  });

/** Of a container that was put on a network which is no more, though another one has its name. */
export const replacedNetwork = (
  { NetworkID }: { NetworkID: string },
  { name, container }: { name: string; container: string },
): EngineError =>
  new EngineError('ERR_NO_SUCH_NETWORK', `network ${NetworkID.slice(0, 12)} not found: another network is called ${name} now`, {
    hint: `Put the container on that one: skiff network disconnect ${name} ${container} && skiff network connect ${name} ${container}`,
    exitCode: 125,
  });
