// Which subnet a new network gets where the user names none: the first of the default address pools that neither another network nor a route of
// the host overlaps. Docker's pools, or those of `$XDG_CONFIG_HOME/skiff/networks.json`; IPv6 subnets are of a range of the store's own (RFC 4193).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { type Cidr, cidrOf, cidrText, ipText, overlaps, parseCidr } from '../sys/cidr.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf, messageOf } from '../sys/errors.ts';
import { hostRoutes, routeTable } from '../sys/host-routes.ts';
import { overlapping } from './network.ts';
import type { NetworkPool } from './network-records.ts';

export interface PoolSource {
  /** The pool of one family: what was asked for, completed. Throws ERR_POOL_OVERLAP, ERR_POOLS_EXHAUSTED. */
  pool(family: 4 | 6, asked: Partial<NetworkPool> | undefined, taken: readonly Cidr[]): NetworkPool;
}

interface Pool {
  base: Cidr;
  /** Leading bits of each subnet cut out of it. */
  size: number;
}

const DEFAULTS: readonly (readonly [base: string, size: number])[] = [
  ['172.17.0.0/16', 16],
  ['172.18.0.0/16', 16],
  ['172.19.0.0/16', 16],
  ['172.20.0.0/14', 16],
  ['172.24.0.0/14', 16],
  ['172.28.0.0/14', 16],
  ['192.168.0.0/16', 20],
];

const fileSchema = z.strictObject({
  'default-address-pools': z.optional(z.array(z.strictObject({ base: z.string(), size: z.int() }))),
});

/** Reads pools and routes as they are now; a family that the settings have no pool of has the usual ones. Throws ERR_NETWORKS_FILE. `procNet` as for `hostRoutes`. */
export function poolSource(ctx: Pick<Ctx, 'paths' | 'env'>, { procNet }: { procNet?: string } = {}): PoolSource {
  const pools = configuredPools(ctx.env);
  const routes = hostRoutes(routeTable(procNet));
  return {
    pool(family, asked = {}, taken) {
      const subnet = asked.Subnet === undefined ? undefined : parseCidr(asked.Subnet);
      if (subnet && taken.some((other) => overlaps(other, subnet))) throw overlapping(cidrText(subnet));
      const given = pools.filter(({ base }) => base.version === family);
      const usual = family === 6 ? [storePool(ctx)] : DEFAULTS.flatMap(poolOf);
      const chosen = subnet ?? firstFree(given.length > 0 ? given : usual, [...taken, ...routes]);
      return { ...asked, Subnet: cidrText(chosen), Gateway: asked.Gateway ?? firstHost(chosen, asked.AuxiliaryAddresses) };
    },
  };
}

function poolOf([text, size]: readonly [string, number]): Pool[] {
  const base = parseCidr(text);
  return base ? [{ base, size }] : [];
}

function firstFree(pools: readonly Pool[], blockers: readonly Cidr[]): Cidr {
  for (const { base, size } of pools) {
    let candidate = cidrOf({ version: base.version, value: base.first }, size);
    while (candidate.last <= base.last) {
      const inTheWay = blockers.filter((blocker) => overlaps(blocker, candidate));
      if (inTheWay.length === 0) return candidate;
      // Behind the widest of them at once: a /8 in the way of an IPv6 pool would take for ever otherwise.
      const [end = candidate.last] = [candidate, ...inTheWay].map(({ last }) => last).toSorted((a, b) => (a < b ? 1 : -1));
      const next = cidrOf({ version: base.version, value: end + 1n }, size);
      candidate = next.first > end ? next : cidrOf({ version: base.version, value: next.last + 1n }, size);
    }
  }
  throw new EngineError('ERR_POOLS_EXHAUSTED', 'all predefined address pools have been fully subnetted', {
    hint: 'Give one with --subnet, remove unused networks (skiff network prune), or set "default-address-pools" in ~/.config/skiff/networks.json',
  });
}

/** The subnet's first address that a machine may have. */
function firstHost(subnet: Cidr, aux: Record<string, string> = {}): string {
  const set = new Set(Object.values(aux));
  const hasEnds = subnet.last - subnet.first > 1n;
  let value = hasEnds ? subnet.first + 1n : subnet.first;
  while (value < subnet.last && set.has(ipText({ version: subnet.version, value }))) value++;
  return ipText({ version: subnet.version, value });
}

/** fd…/48 that belongs to this store, cut into /64s. */
function storePool({ paths }: Pick<Ctx, 'paths'>): Pool {
  const hash = new Bun.CryptoHasher('sha256').update(`networks ${paths.data}`).digest('hex');
  return { base: cidrOf({ version: 6, value: BigInt(`0xfd${hash.slice(0, 10)}`) << 80n }, 48), size: 64 };
}

function configuredPools(env: Ctx['env']): Pool[] {
  const home = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(env.HOME ?? '/', '.config');
  const path = join(home, 'skiff/networks.json');
  return (readSettings(path)?.['default-address-pools'] ?? []).map(({ base, size }) => {
    const cidr = parseCidr(base);
    if (!cidr) throw broken(path, `"${base}" is no subnet`);
    if (size < cidr.prefix || size > (cidr.version === 4 ? 30 : 126)) {
      throw broken(path, `the size ${size} does not fit the pool "${base}"`);
    }
    return { base: cidr, size };
  });
}

function readSettings(path: string): z.infer<typeof fileSchema> | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw broken(path, messageOf(error), error);
  }
  try {
    return z.parse(fileSchema, JSON.parse(text));
  } catch (error) {
    throw broken(path, error instanceof SyntaxError ? 'it is no JSON' : 'a field is unknown or has the wrong type', error);
  }
}

const broken = (path: string, why: string, cause?: unknown): EngineError =>
  new EngineError('ERR_NETWORKS_FILE', `Cannot use the settings in "${path}": ${why}`, {
    hint: 'Write it as {"default-address-pools": [{"base": "10.200.0.0/16", "size": 24}]}',
    ...(cause === undefined ? {} : { cause }),
  });
