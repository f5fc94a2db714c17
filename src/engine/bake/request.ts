// One planned target as a request to build it, with what all of a bake have in common. Throws EngineErrors that name the target and the attribute.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { parseAnnotation } from '../build/export/annotations.ts';
import type { BuildOptions, BuildRequest } from '../build/model.ts';
import { attestOf, checkedAttest } from '../build/options/attest.ts';
import { checkedCache } from '../build/options/cache.ts';
import { epochOf } from '../build/options/epoch.ts';
import { entitlement, parsePlatforms, runNetwork, tagName } from '../build/options/names.ts';
import { checkedOutput } from '../build/options/output.ts';
import { proxyArguments } from '../build/options/proxies.ts';
import { readSecrets, secretOf } from '../build/options/secret.ts';
import { openSshAgents, type SshAgents } from '../build/options/ssh.ts';
import { parseBytes } from '../create/sizes.ts';
import { parseUlimit } from '../create/ulimit.ts';
import type { PlannedTarget, TargetFields } from './model.ts';
import { linksOf } from './plan.ts';

export interface BakeCommon {
  jobs: number | undefined;
  explain: boolean;
  /** Entitlements that the user allows. */
  allow: readonly string[];
  lock: BuildOptions['lock'];
  tlsVerify: boolean;
}

export interface TargetBuild {
  request: BuildRequest;
  /** Targets whose results its contexts are: they are built before it, and their images take these contexts' places. */
  links: string[];
  isLinked: boolean;
  agents: SshAgents;
}

/** Reads secrets and finds agents. Throws ERR_BAKE_TARGET and theirs. */
export async function targetBuild(ctx: Ctx, target: PlannedTarget, common: BakeCommon): Promise<TargetBuild> {
  const { name, fields } = target;
  const read = <T>(attribute: string, work: () => T): T => inTarget(name, attribute, work);
  for (const wanted of fields.entitlements ?? []) allowed(name, wanted, common.allow);
  const args = present(fields.args, ctx);
  const epoch = epochOf(ctx, args);
  const agents = await openSshAgents(
    ctx,
    (fields.ssh ?? []).map(({ id, paths = [] }) => ({ id, paths })),
  );
  const shm = fields['shm-size'];
  const network = read('network', () => runNetwork(fields.network ?? ''));
  const options: BuildOptions = {
    tags: read('tags', () => (fields.tags ?? []).flatMap((text) => text.split(',')).map(tagName)),
    target: fields.target || undefined,
    buildArgs: { ...(await proxyArguments(ctx)), ...args, ...epoch.args },
    labels: present(fields.labels),
    annotations: read('annotations', () => (fields.annotations ?? []).filter((text) => parseAnnotation(text))),
    platforms: read('platforms', () =>
      parsePlatforms(fields.platforms?.length ? fields.platforms : [ctx.env.DOCKER_DEFAULT_PLATFORM || 'local']),
    ),
    noCache: fields['no-cache'] ?? false,
    noCacheFilter: fields['no-cache-filter'] ?? [],
    pull: fields.pull ?? false,
    secrets: await readSecrets(
      ctx,
      read('secret', () => (fields.secret ?? []).map(secretOf)),
    ),
    ssh: agents.sockets,
    addHosts: Object.entries(fields['extra-hosts'] ?? {}).map(([host, ip]) => `${host}:${ip}`),
    network,
    limits: {
      ...(shm ? { ShmSize: read('shm-size', () => parseBytes(shm)) } : {}),
      ...(fields.ulimits?.length ? { Ulimits: read('ulimits', () => (fields.ulimits ?? []).map(parseUlimit)) } : {}),
    },
    jobs: common.jobs ?? Math.max(4, availableParallelism()),
    outputs: read('output', () => outputs(target)),
    cacheFrom: read('cache-from', () => (fields['cache-from'] ?? []).map(({ type, ...rest }) => checkedCache(type, rest, 'from'))),
    cacheTo: target.isLinked
      ? []
      : read('cache-to', () => (fields['cache-to'] ?? []).map(({ type, ...rest }) => checkedCache(type, rest, 'to'))),
    squash: false,
    allow: [...new Set([...(fields.entitlements ?? []), ...(network === 'host' ? ['network.host'] : [])])],
    explain: common.explain,
    sourceDateEpoch: epoch.seconds,
    attest: read('attest', () => attestOf((fields.attest ?? []).map(checkedAttest))),
    lock: common.lock,
    tlsVerify: common.tlsVerify,
    keepFailed: false,
  };
  const context = placeOf(fields.context ?? '.');
  const links = linksOf(target);
  const namedContexts = Object.fromEntries(
    Object.entries(fields.contexts ?? {}).map(([key, value]) => [key.toLowerCase(), placeOf(value)]),
  );
  const request: BuildRequest = {
    context,
    file: dockerfileOf(fields, context),
    dockerfileText: fields['dockerfile-inline'],
    namedContexts,
    options,
  };
  return { request, links, isLinked: target.isLinked, agents };
}

/** A linked target's result goes nowhere but into the store, where the others find it. */
function outputs({ fields, isLinked }: PlannedTarget): BuildOptions['outputs'] {
  return isLinked ? [] : (fields.output ?? []).map(({ type, ...attributes }) => checkedOutput(type, attributes));
}

/** `cwd://` is the folder that bake runs in, which is where paths start anyway. */
const placeOf = (text: string): string => (text.startsWith('cwd://') ? text.slice('cwd://'.length) || '.' : text);

function dockerfileOf({ dockerfile = 'Dockerfile', 'dockerfile-inline': inline }: TargetFields, context: string): string | undefined {
  if (inline !== undefined) return undefined;
  if (dockerfile.startsWith('cwd://')) return placeOf(dockerfile);
  const isFetched = context === '-' || /^(?:https?:\/\/|git@|git:\/\/|ssh:\/\/|github\.com\/)/.test(context) || context.endsWith('.git');
  if (isFetched || dockerfile.startsWith('/')) return dockerfile;
  return join(context, dockerfile);
}

/** What is null takes the value of the environment, or is left out. */
function present(values: Readonly<Record<string, string | null>> | undefined, ctx?: Ctx): Record<string, string> {
  const entries = Object.entries(values ?? {}).map(([name, value]) => [name, value ?? ctx?.env[name]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function allowed(target: string, wanted: string, allow: readonly string[]): void {
  inTarget(target, 'entitlements', () => entitlement(wanted));
  if (allow.includes(wanted) || allow.includes('*')) return;
  throw new EngineError('ERR_BAKE_TARGET', `The target "${target}" asks for the entitlement "${wanted}", which is not allowed`, {
    hint: `Allow it: --allow ${wanted}`,
  });
}

function inTarget<T>(target: string, attribute: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const hint = error instanceof EngineError ? error.hint : undefined;
    throw new EngineError(
      'ERR_BAKE_TARGET',
      `Target "${target}": invalid "${attribute}": ${messageOf(error)}`,
      hint === undefined ? {} : { hint },
    );
  }
}
