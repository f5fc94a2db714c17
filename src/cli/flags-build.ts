// The flags of `build`: those of docker build and docker buildx build with their letters and help, and our own. What a value means is read in
// src/engine/build/options/; build-request.ts turns all of them into a request.

import { type AttestSpec, parseAttest, parseShortAttest } from '../engine/build/options/attest.ts';
import { parseCacheFrom, parseCacheTo } from '../engine/build/options/cache.ts';
import { entitlement, parsePlatforms, runNetwork, tagName } from '../engine/build/options/names.ts';
import { parseOutput } from '../engine/build/options/output.ts';
import { buildArgument, namedContext } from '../engine/build/options/pairs.ts';
import { parseSecretSource } from '../engine/build/options/secret.ts';
import { parseSsh } from '../engine/build/options/ssh.ts';
import { parseBytes } from '../engine/create/sizes.ts';
import { parseUlimit } from '../engine/create/ulimit.ts';
import { EngineError } from '../sys/errors.ts';
import * as values from './container-values.ts';
import { flag, type ListFlag } from './flag.ts';
import { builderFlag } from './flags-builder.ts';
import { changeableLimitFlags } from './flags-limits.ts';
import { lockFlags } from './flags-lock.ts';
import { refused } from './refused.ts';

function listOf<T>(parse: (text: string) => T, spec: { char?: string; description: string; helpValue?: string }): ListFlag<T> {
  return { helpValue: 'list', ...spec, type: 'option', multiple: true, default: [], parse };
}

const shortAttest = (kind: 'sbom' | 'provenance') =>
  flag.custom<AttestSpec>({ description: `Shorthand for "--attest=type=${kind}"`, parse: parseShortAttest(kind) });

/** A switch of other builders that says what is always so here: `only` is the one value that it may have. */
const alwaysSo = (description: string, only: 'true' | 'either', why: string) =>
  flag.custom({
    description,
    helpValue: 'bool',
    bareValue: 'true',
    parse: (text) => {
      if (!/^(1|t|true|0|f|false)$/i.test(text)) throw new Error('must be true or false');
      if (only === 'true' && !/^(1|t|true)$/i.test(text)) throw new Error(why);
      return true;
    },
  });

const { 'cpu-period': cpuPeriod, 'cpu-quota': cpuQuota, 'cpu-shares': cpuShares } = changeableLimitFlags;
const { 'cpuset-cpus': cpusetCpus, 'cpuset-mems': cpusetMems, memory, 'memory-swap': memorySwap } = changeableLimitFlags;

/** What bake takes too. */
export const commonBuildFlags = {
  ...lockFlags,
  call: flag.custom({
    description: 'Set method for evaluating build ("check", "outline", "targets")',
    default: 'build',
    parse: callMethod,
  }),
  check: flag.boolean({ description: 'Shorthand for "--call=check"' }),
  load: flag.boolean({ description: 'Shorthand for "--output=type=docker"' }),
  'metadata-file': flag.string({ description: 'Write build result metadata to a file' }),
  'no-cache': flag.boolean({ description: 'Do not use cache when building the image' }),
  progress: flag.string({
    description: 'Set type of progress output ("auto", "none", "plain", "quiet", "rawjson", "tty")',
    options: ['auto', 'none', 'plain', 'quiet', 'rawjson', 'tty'],
  }),
  provenance: shortAttest('provenance'),
  push: flag.boolean({ description: 'Shorthand for "--output=type=registry,unpack=false"' }),
  sbom: shortAttest('sbom'),
  ...builderFlag,
  'tls-verify': flag.string({
    description: 'Require HTTPS and verify certificates; =false also allows HTTP',
    options: ['true', 'false'],
    bareValue: 'true',
    helpValue: 'bool',
  }),
  explain: flag.boolean({ description: 'Say of each step whether it came from the cache, and if not, what differed' }),
  jobs: flag.custom({ description: 'Steps that may run at once', helpValue: 'int', parse: positive }),
};

export const buildFlags = {
  ...commonBuildFlags,
  'add-host': listOf(values.extraHost, { description: 'Add a custom host-to-IP mapping ("host:ip")' }),
  allow: listOf(entitlement, { description: 'Allow extra privileged entitlement ("network.host", "security.insecure")' }),
  annotation: flag.list({ description: 'Add annotation to the image' }),
  attest: listOf(parseAttest, { description: 'Attestation parameters ("type=sbom,generator=image")' }),
  'build-arg': listOf(buildArgument, { description: 'Set build-time variables' }),
  'build-context': listOf(namedContext, { description: 'Additional build contexts (e.g., name=path)' }),
  'cache-from': listOf(parseCacheFrom, { description: 'External cache sources ("user/app:cache", "type=local,src=path/to/dir")' }),
  'cache-to': listOf(parseCacheTo, { description: 'Cache export destinations ("user/app:cache", "type=local,dest=path/to/dir")' }),
  'cgroup-parent': flag.string({ description: 'Set the parent cgroup for the "RUN" instructions during build' }),
  compress: alwaysSo('Compress the build context: no effect, since it is read in place', 'either', ''),
  'cpu-period': cpuPeriod,
  'cpu-quota': cpuQuota,
  'cpu-shares': cpuShares,
  'cpuset-cpus': cpusetCpus,
  'cpuset-mems': cpusetMems,
  debug: refused('give it before the command: skiff -D build', { char: 'D', isSwitch: true }),
  'disable-content-trust': refused('not supported: there is no content trust to disable', { isSwitch: true }),
  file: flag.string({ char: 'f', description: 'Name of the Dockerfile (default: "PATH/Dockerfile"); "-" reads standard input' }),
  format: flag.string({ description: 'Media types of the image: "docker" or "oci"', options: ['docker', 'oci'] }),
  'force-rm': alwaysSo('Always remove intermediate containers: no effect, since there are none', 'either', ''),
  iidfile: flag.string({ description: 'Write the image ID to a file' }),
  isolation: flag.custom({
    description: 'Container isolation technology: "default", the only one on Linux',
    parse: (text) => {
      if (text !== '' && text !== 'default') throw new Error('the only isolation on Linux is "default"');
      return text;
    },
  }),
  label: listOf(values.label, { description: 'Set metadata for an image' }),
  layers: alwaysSo('Make a layer of each step, as always', 'true', 'each step makes a layer: use --squash for one in all'),
  memory,
  'memory-swap': memorySwap,
  network: flag.custom({
    description: 'Set the networking mode for the "RUN" instructions during build ("default", "none", "host")',
    default: 'default' as const,
    parse: runNetwork,
    aliases: ['net'],
  }),
  'no-cache-filter': flag.list({ description: 'Do not cache specified stages' }),
  'on-error': flag.string({ description: 'What to do when a step fails: "shell" opens one in the rootfs as it was', options: ['shell'] }),
  output: listOf(parseOutput, { char: 'o', description: 'Output destination ("type=local,dest=path")' }),
  platform: listOf(platforms, { description: 'Set target platform for build' }),
  pull: flag.custom({
    description: 'Always attempt to pull all referenced images',
    default: false,
    helpValue: 'bool',
    bareValue: 'true',
    parse: pullPolicy,
  }),
  quiet: flag.boolean({ char: 'q', description: 'Suppress the build output and print image ID on success' }),
  rm: alwaysSo('Remove intermediate containers, as always', 'true', 'there are no intermediate containers to keep'),
  secret: listOf(parseSecretSource, { description: 'Secret to expose to the build ("id=mysecret[,src=/local/secret]")' }),
  'security-opt': refused(
    'not supported: RUN has the confinement of containers; --allow security.insecure and RUN --security=insecure lift it',
  ),
  'shell-at': flag.string({
    helpValue: 'step',
    description: 'Open a shell in the rootfs before this step: its number, or a line of the Dockerfile',
  }),
  'shm-size': flag.custom({ helpValue: 'bytes', description: 'Shared memory size for build containers', parse: parseBytes }),
  squash: flag.boolean({ description: 'Squash newly built layers into a single new layer' }),
  ssh: listOf(parseSsh, { description: 'SSH agent socket or keys to expose to the build ("default|<id>[=<socket>|<key>[,<key>]]")' }),
  tag: listOf(tagName, { char: 't', description: 'Image identifier (format: "[registry/]repository[:tag]")' }),
  target: flag.string({ description: 'Set the target build stage to build' }),
  volume: refused('not supported: what RUN is to see is named with --build-context NAME=PATH and RUN --mount=type=bind,from=NAME', {
    char: 'v',
  }),
  ulimit: listOf(parseUlimit, { helpValue: 'ulimit', description: 'Ulimit options' }),
};

export type Call = { method: 'build' | 'check' | 'outline' | 'targets'; format: 'text' | 'json' };

/** What --check and --call ask for together. Throws ERR_CONFLICTING_OPTIONS. */
export function wantedCall({ check, call }: { check: boolean; call: string }): Call {
  const asked = callOf(call);
  if (!check || asked.method === 'check') return asked;
  if (asked.method === 'build') return { ...asked, method: 'check' };
  throw new EngineError('ERR_CONFLICTING_OPTIONS', `Conflicting options: cannot specify both --check and --call=${asked.method}`, {
    hint: 'Leave one of the two out',
    exitCode: 125,
  });
}

/** `--call` METHOD[,format=json]; buildx's lint is check. Kept as text: flags hold plain values. */
function callMethod(text: string): string {
  callOf(text);
  return text;
}

/** Throws an Error. */
export function callOf(text: string): Call {
  const [word = '', ...more] = text.split(',');
  const method = word === 'lint' ? 'check' : word;
  if (method !== 'build' && method !== 'check' && method !== 'outline' && method !== 'targets') {
    throw new Error('must be one of "build", "check", "outline", "targets"');
  }
  let format: Call['format'] = 'text';
  for (const field of more) {
    if (field === 'format=json') format = 'json';
    else if (field !== 'format=text') throw new Error(`"${field}" is no option of it: use format=json or format=text`);
  }
  return { method, format };
}

function platforms(text: string): string {
  parsePlatforms([text]);
  return text;
}

function pullPolicy(text: string): boolean {
  if (/^(1|t|true|always|newer)$/i.test(text)) return true;
  if (/^(0|f|false|missing|ifmissing)$/i.test(text)) return false;
  throw new Error('must be true or false, or "always" or "missing"');
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error('must be a number from 1');
  return Number(text);
}
