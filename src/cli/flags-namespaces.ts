// The flags of `run` and `create` that say what a container shares with the host or with others, and what of the kernel is its own:
// namespaces, groups, sysctls, the score for the OOM killer, annotations. What a value may be is the engine's to say.
import type { HostConfig } from '../engine/create/options.ts';
import { type FlagValues, flag, type ListFlag } from './flag.ts';

/** A repeatable flag of `name=value` pairs. */
function mapOf(parse: (text: string) => [string, string], description: string): ListFlag<[string, string]> {
  return { helpValue: 'map', description, type: 'option', multiple: true, default: [], parse };
}

export const namespaceFlags = {
  annotation: mapOf(annotation, 'Add an annotation to the container (passed through to the OCI runtime)'),
  cgroupns: flag.string({ description: 'Cgroup namespace to use (host, private)' }),
  'group-add': flag.list({ description: 'Add additional groups to join' }),
  ipc: flag.string({ description: 'IPC mode to use (private, shareable, none, host, container:NAME)' }),
  isolation: flag.custom({ description: 'Container isolation technology (default)', parse: isolation }),
  'oom-score-adj': flag.integer({ description: "Tune host's OOM preferences (-1000 to 1000)" }),
  pid: flag.string({ description: 'PID namespace to use (private, host, container:NAME)' }),
  sysctl: mapOf(sysctl, 'Sysctl options'),
  userns: flag.string({ description: 'User namespace to use (host, keep-id[:uid=N,gid=N])' }),
  uts: flag.string({ description: 'UTS namespace to use (private, host)' }),
};

/** What of HostConfig the flags ask for; absent is the default. */
export function namespaceOptions(flags: FlagValues<typeof namespaceFlags>): Partial<HostConfig> {
  return {
    ...(flags.cgroupns ? { CgroupnsMode: flags.cgroupns } : {}),
    ...(flags.ipc ? { IpcMode: flags.ipc } : {}),
    ...(flags.pid ? { PidMode: flags.pid } : {}),
    ...(flags.userns ? { UsernsMode: flags.userns } : {}),
    ...(flags.uts ? { UTSMode: flags.uts } : {}),
    ...(flags.annotation.length ? { Annotations: Object.fromEntries(flags.annotation) } : {}),
    ...(flags['group-add'].length ? { GroupAdd: flags['group-add'] } : {}),
    ...(flags.isolation ? { Isolation: flags.isolation } : {}),
    ...(flags['oom-score-adj'] ? { OomScoreAdj: flags['oom-score-adj'] } : {}),
    ...(flags.sysctl.length ? { Sysctls: Object.fromEntries(flags.sysctl) } : {}),
  };
}

/** As Docker: a name alone has an empty value. */
function annotation(text: string): [string, string] {
  const [name, value] = cut(text);
  if (name === '') throw new Error(`invalid annotation '${text}': the empty string is not permitted as an annotation key`);
  return [name, value ?? ''];
}

/** As Docker on Linux, which has one kind. */
function isolation(text: string): string {
  if (text === '' || text.toLowerCase() === 'default') return text;
  throw new Error(`invalid isolation (${text}): linux only supports 'default'`);
}

function sysctl(text: string): [string, string] {
  const [name, value] = cut(text);
  if (name === '' || value === undefined) throw new Error(`sysctl '${text}' must be written as name=value`);
  return [name, value];
}

function cut(text: string): [string, string?] {
  const equals = text.indexOf('=');
  return equals === -1 ? [text] : [text.slice(0, equals), text.slice(equals + 1)];
}
