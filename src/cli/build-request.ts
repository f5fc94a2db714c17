// The flags of `build` as a request to the engine: secrets read, agents found, the environment's share added (SOURCE_DATE_EPOCH, the proxies of
// Docker's config.json).
import { availableParallelism } from 'node:os';
import { parseAnnotation } from '../engine/build/export/annotations.ts';
import type { BuildLimits, BuildOptions, BuildRequest } from '../engine/build/model.ts';
import { attestOf } from '../engine/build/options/attest.ts';
import { epochOf } from '../engine/build/options/epoch.ts';
import { parsePlatforms } from '../engine/build/options/names.ts';
import { outputsOf, withFormat } from '../engine/build/options/output.ts';
import { buildArguments } from '../engine/build/options/pairs.ts';
import { proxyArguments } from '../engine/build/options/proxies.ts';
import { readSecrets } from '../engine/build/options/secret.ts';
import { openSshAgents } from '../engine/build/options/ssh.ts';
import type { Ctx } from '../sys/context.ts';
import type { FlagValues } from './flag.ts';
import type { buildFlags } from './flags-build.ts';
import { buildLock } from './flags-lock.ts';
import { keyValues } from './key-values.ts';

type Flags = FlagValues<typeof buildFlags>;

export interface PreparedBuild {
  request: BuildRequest;
  /** To be called when the build has ended. */
  close(): void;
}

/** Throws EngineErrors for what does not go together or cannot be read. */
export async function buildRequest(ctx: Ctx, context: string, flags: Flags): Promise<PreparedBuild> {
  const platforms = parsePlatforms(flags.platform.length > 0 ? flags.platform : [ctx.env.DOCKER_DEFAULT_PLATFORM || 'local']);
  const outputs = withFormat(outputsOf(flags.output, flags), flags.format);
  for (const text of flags.annotation) parseAnnotation(text);
  const lock = buildLock(flags);
  const secrets = await readSecrets(ctx, flags.secret);
  const buildArgs = { ...(await proxyArguments(ctx)), ...buildArguments(flags['build-arg'], ctx.env) };
  const epoch = epochOf(ctx, buildArgs);
  const agents = await openSshAgents(ctx, flags.ssh);
  const options: BuildOptions = {
    tags: [...new Set(flags.tag)],
    target: flags.target || undefined,
    buildArgs: { ...buildArgs, ...epoch.args },
    labels: keyValues(flags.label),
    annotations: flags.annotation,
    platforms,
    noCache: flags['no-cache'],
    noCacheFilter: flags['no-cache-filter'].flatMap((text) => text.split(',')),
    pull: flags.pull,
    secrets,
    ssh: agents.sockets,
    addHosts: flags['add-host'],
    network: flags.network,
    limits: limitsOf(flags),
    jobs: flags.jobs ?? defaultJobs(),
    outputs,
    cacheFrom: flags['cache-from'],
    cacheTo: flags['cache-to'],
    squash: flags.squash,
    // As Docker's command: who asks for the host's network has thereby allowed it.
    allow: [...new Set([...flags.allow, ...(flags.network === 'host' ? ['network.host'] : [])])],
    explain: flags.explain,
    sourceDateEpoch: epoch.seconds,
    attest: attestOf([...flags.attest, flags.sbom, flags.provenance]),
    lock,
    tlsVerify: flags['tls-verify'] !== 'false',
    keepFailed: flags['on-error'] === 'shell',
    shellAt: flags['shell-at'],
  };
  const namedContexts = Object.fromEntries(flags['build-context']);
  return { request: { context, file: flags.file || undefined, namedContexts, options }, close: agents.close };
}

/** Steps sleep and wait for the network as well: more than there are processors. */
export const defaultJobs = (): number => Math.max(4, availableParallelism());

function limitsOf(flags: Flags): BuildLimits {
  const limits: BuildLimits = {};
  const set = <K extends keyof BuildLimits>(key: K, value: BuildLimits[K] | undefined): void => {
    if (value !== undefined) limits[key] = value;
  };
  set('ShmSize', flags['shm-size']);
  set('Memory', flags.memory);
  set('MemorySwap', flags['memory-swap']);
  set('CpuShares', flags['cpu-shares']);
  set('CpuPeriod', flags['cpu-period']);
  set('CpuQuota', flags['cpu-quota']);
  set('CpusetCpus', flags['cpuset-cpus']);
  set('CpusetMems', flags['cpuset-mems']);
  set('CgroupParent', flags['cgroup-parent']);
  set('Ulimits', flags.ulimit.length > 0 ? flags.ulimit : undefined);
  return limits;
}
