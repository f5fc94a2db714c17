// From the parsed flags of `run` and `create` to a create request in Docker's shape. Reads the files that flags name (environment,
// labels, seccomp profile) and the caller's environment; relative paths are the current folder's.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readKeyValueFile } from '../engine/create/key-value-file.ts';
import type { CreateConfig, CreateOptions, HostConfig, MountRequest, RestartPolicy } from '../engine/create/options.ts';
import { parseExpose, parsePublish } from '../engine/create/port-spec.ts';

import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import type { containerFlags } from './container-flags.ts';
import type { FlagValues } from './flag.ts';
import { deviceOptions } from './flags-devices.ts';
import { egressOptions } from './flags-egress.ts';
import { namedExtras } from './flags-extras.ts';
import { healthExtras, healthOptions } from './flags-health.ts';
import { limitOptions } from './flags-limits.ts';
import { namespaceOptions } from './flags-namespaces.ts';
import { networkOptions } from './flags-network.ts';
import { storageOptions } from './flags-storage.ts';
import { timeLimitExtras } from './flags-time-limit.ts';

export type ContainerFlags = FlagValues<typeof containerFlags>;

export interface OptionsInput {
  ctx: Ctx;
  flags: ContainerFlags;
  /** Image, then the command. */
  args: readonly string[];
  /** Folder that relative paths start from. */
  cwd: string;
  detach: boolean;
}

/** The create request. Throws EngineError with exit code 125. */
export function containerOptions(input: OptionsInput): CreateOptions {
  const { flags, detach } = input;
  const [Image = '', ...command] = input.args;
  if (detach && flags.attach.length)
    throw refuse('Conflicting options: cannot specify both --attach and --detach', 'Leave one of the two out');
  if (flags.cidfile && existsSync(resolve(input.cwd, flags.cidfile))) {
    throw refuse(`Container ID file found, make sure the other container isn't running or delete ${flags.cidfile}`, `rm ${flags.cidfile}`);
  }
  const published = parsePublish(flags.publish);
  const exposed = { ...published.exposed, ...parseExpose(flags.expose) };
  const volumes = splitVolumes(flags.volume, input.cwd);
  const Config: CreateConfig = {
    Image,
    ...(command.length ? { Cmd: command } : {}),
    ...(flags.entrypoint === undefined ? {} : { Entrypoint: [flags.entrypoint] }),
    ...(flags.hostname ? { Hostname: flags.hostname } : {}),
    ...(flags.domainname ? { Domainname: flags.domainname } : {}),
    ...(flags.user ? { User: flags.user } : {}),
    ...(flags.workdir ? { WorkingDir: flags.workdir } : {}),
    ...(flags['stop-signal'] ? { StopSignal: flags['stop-signal'] } : {}),
    ...(flags['stop-timeout'] === undefined ? {} : { StopTimeout: flags['stop-timeout'] }),
    ...healthOptions(flags),
    ...(Object.keys(exposed).length ? { ExposedPorts: exposed } : {}),
    ...(volumes.anonymous.length ? { Volumes: Object.fromEntries(volumes.anonymous.map((path) => [path, {}])) } : {}),
    ...attachment(flags, detach),
    Tty: flags.tty,
    OpenStdin: flags.interactive,
    Env: environment(input),
    Labels: labels(input),
  };
  return {
    ...(flags.name ? { name: flags.name } : {}),
    ...(flags.platform === undefined ? {} : { platform: flags.platform }),
    Config,
    HostConfig: hostConfig(input, volumes.binds, published.bindings),
    ...networkOptions(flags).networks,
    ...(flags.replace ? { replace: true } : {}),
    Extras: { ...healthExtras(flags), ...timeLimitExtras(flags), ...namedExtras(flags, flags.name) },
  };
}

function hostConfig({ flags, cwd }: OptionsInput, binds: string[], bindings: HostConfig['PortBindings']): Partial<HostConfig> {
  const mounts = flags.mount.map((mount) => absoluteSource(mount, cwd));
  return {
    Binds: binds.length ? binds : null,
    ContainerIDFile: flags.cidfile ? resolve(cwd, flags.cidfile) : '',
    LogConfig: { Type: flags['log-driver'] ?? 'json-file', Config: pairs(flags['log-opt']) },
    ...networkOptions(flags).mode,
    PortBindings: bindings,
    PublishAllPorts: flags['publish-all'],
    RestartPolicy: restartPolicy(flags.restart),
    AutoRemove: flags.rm,
    CapAdd: flags['cap-add'].length ? flags['cap-add'] : null,
    CapDrop: flags['cap-drop'].length ? flags['cap-drop'] : null,
    Dns: flags.dns,
    DnsOptions: flags['dns-option'],
    DnsSearch: flags['dns-search'],
    ExtraHosts: flags['add-host'].length ? flags['add-host'] : null,
    Privileged: flags.privileged,
    ReadonlyRootfs: flags['read-only'],
    SecurityOpt: flags['security-opt'].length ? flags['security-opt'].map((option) => securityOption(option, cwd)) : null,
    ...(flags.tmpfs.length ? { Tmpfs: Object.fromEntries(flags.tmpfs) } : {}),
    ...limitOptions(flags),
    ShmSize: flags['shm-size'] ?? 0,
    ...(flags.init ? { Init: true } : {}),
    ...(flags.runtime ? { Runtime: flags.runtime } : {}),
    ...storageOptions(flags),
    ...(flags.ulimit.length ? { Ulimits: flags.ulimit } : {}),
    ...deviceOptions(flags),
    ...(mounts.length ? { Mounts: mounts } : {}),
    ...namespaceOptions(flags),
    ...egressOptions(flags),
  };
}

/** Which streams the client attaches: those of -a, or output, and input with -i; none with -d. */
function attachment({ attach, interactive }: ContainerFlags, detach: boolean): Partial<CreateConfig> {
  const AttachStdin = !detach && (interactive || attach.includes('stdin'));
  const isDefault = attach.length === 0;
  return {
    AttachStdin,
    AttachStdout: !detach && (isDefault || attach.includes('stdout')),
    AttachStderr: !detach && (isDefault || attach.includes('stderr')),
    StdinOnce: AttachStdin && interactive,
  };
}

function environment({ ctx, flags, cwd }: OptionsInput): string[] {
  const lookup = (name: string): string | undefined => ctx.env[name];
  const fromFiles = flags['env-file'].flatMap((path) => readKeyValueFile({ path: resolve(cwd, path), kind: 'env file', lookup }));
  const given = flags.env.map((entry) => (entry.includes('=') || lookup(entry) === undefined ? entry : `${entry}=${lookup(entry)}`));
  return [...new Map([...fromFiles, ...given].map((entry) => [entry.split('=', 1)[0], entry])).values()];
}

function labels({ flags, cwd }: OptionsInput): Record<string, string> {
  const fromFiles = flags['label-file'].flatMap((path) => readKeyValueFile({ path: resolve(cwd, path), kind: 'label file' }));
  return pairs([...fromFiles, ...flags.label]);
}

function pairs(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const equals = entry.indexOf('=');
      return equals === -1 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}

/** A value without a colon is an anonymous volume; a host part that begins with a dot is a path from here. */
function splitVolumes(specs: readonly string[], cwd: string): { binds: string[]; anonymous: string[] } {
  const binds = specs.filter((spec) => spec.includes(':')).map((spec) => (spec.startsWith('.') ? fromHere(spec, cwd) : spec));
  return { binds, anonymous: specs.filter((spec) => !spec.includes(':')) };
}

function fromHere(spec: string, cwd: string): string {
  const colon = spec.indexOf(':');
  return `${resolve(cwd, spec.slice(0, colon))}${spec.slice(colon)}`;
}

function absoluteSource(mount: MountRequest, cwd: string): MountRequest {
  return mount.Type === 'bind' && mount.Source?.startsWith('.') ? { ...mount, Source: resolve(cwd, mount.Source) } : mount;
}

/** `no`, `always`, `unless-stopped`, `on-failure[:max]`. Throws EngineError with exit code 125. */
export function restartPolicy(text: string): RestartPolicy {
  const [name = '', count, ...more] = text.split(':');
  if (more.length) throw refuse('Invalid restart policy format', 'Write it as no, always, unless-stopped or on-failure[:max]');
  if (count !== undefined && !/^-?\d+$/.test(count)) {
    throw refuse('Invalid restart policy format: maximum retry count must be an integer', 'Write it as on-failure:3');
  }
  // Which names there are is the engine's to say.
  return { Name: (name || 'no') as RestartPolicy['Name'], MaximumRetryCount: Number(count ?? 0) };
}

/** A seccomp profile travels by its text, as in Docker's API. */
function securityOption(option: string, cwd: string): string {
  const [, name = option, value] = /^([^=:]+)[=:](.*)$/s.exec(option) ?? [];
  if (value === undefined && name !== 'no-new-privileges') {
    throw refuse(`Invalid --security-opt: "${option}"`, 'Write it as name=value, such as seccomp=unconfined');
  }
  if (name !== 'seccomp' || value === undefined || value === 'unconfined' || value === 'builtin') {
    return value === undefined ? name : `${name}=${value}`;
  }
  try {
    return `seccomp=${readFileSync(resolve(cwd, value), 'utf8')}`;
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'no such file or directory' : errnoOf(cause);
    throw new EngineError('ERR_SECCOMP_PROFILE', `Opening seccomp profile (${value}) failed: open ${value}: ${why}`, {
      cause,
      hint: 'Check the path of the profile, or use seccomp=unconfined',
      exitCode: 125,
    });
  }
}

const refuse = (message: string, hint: string): EngineError => new EngineError('ERR_BAD_OPTION', message, { hint, exitCode: 125 });
