// Writes the OCI runtime configuration of a container: its record and the facts of this host in, `config.json` out. Pure, so that every
// line of it can be tested without a container; `host-facts.ts` collects the facts.
// The runtime is already root of the user namespace, so the configuration asks for none; devices come as bind mounts (mknod is not allowed).
import { isAbsolute, join } from 'node:path';
import type { ContainerRecord, HostConfig } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';
import { hasId, type KeptIds } from '../keep-id.ts';
import { capabilitySet, processCapabilities } from './capabilities.ts';
import { processEnvironment } from './environment.ts';
import { KEEP_GROUPS, KEEP_GROUPS_ANNOTATION } from './groups.ts';
import type { HostFacts } from './host-facts.ts';
import { INIT_PATH, type IpcMounts, mounts, rootPropagation } from './mounts.ts';
import { namespaces, type Sharing } from './namespaces.ts';
import { MASKED_PATHS, READONLY_PATHS } from './proc-paths.ts';
import { type ResourceFacts, resources } from './resources.ts';
import { rlimits } from './rlimits.ts';
import { customSeccomp, defaultSeccomp } from './seccomp.ts';
import type { OciLinux, OciSeccomp, OciSpec } from './types.ts';
import type { ResolvedUser } from './user.ts';

export interface SpecInput {
  record: ContainerRecord;
  /** Absolute path of the mounted rootfs. */
  rootfs: string;
  user: ResolvedUser;
  /** File of the container's network namespace, which may be another's (without one the runtime makes it, loopback alone), or the host's. */
  network: { netns?: string; isOthers?: boolean } | 'host';
  /** Host paths of the files shown below /etc. */
  files: { hosts?: string; hostname?: string; resolvConf?: string };
  /** Host path of the init program; needed when the container asks for --init. */
  init?: string;
  /** The cgroup that the runtime is to make; without one it manages none, and no limit holds. */
  cgroup?: { path: string } & ResourceFacts;
  consoleSize?: { height: number; width: number };
  host: HostFacts;
  /** What a sandbox around us forbids; without it everything is allowed. */
  sandbox?: {
    canSetHostname: boolean;
    canSetSysctls: boolean;
  };
  /** What it does not have for itself; without it, all is its own. */
  sharing?: Sharing;
  ipcMounts?: IpcMounts;
  /** With a user namespace within ours: the ids in it that are our 0. */
  kept?: KeptIds | undefined;
}

/** The whole configuration. Throws EngineError when the container's user has no id in the user namespace. */
export function buildSpec(input: SpecInput): OciSpec {
  const { record, user, host } = input;
  const { Config, HostConfig } = record;
  assertMapped(user, input);
  const capabilities = capabilitySet({
    add: HostConfig.CapAdd ?? [],
    drop: HostConfig.CapDrop ?? [],
    privileged: HostConfig.Privileged,
    lastCapability: host.lastCapability,
  });
  const cwd = Config.WorkingDir || '/';
  const command = [record.Path, ...record.Args];
  const apparmor = securityOption(record, 'apparmor');
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: Config.Tty,
      ...(Config.Tty && input.consoleSize ? { consoleSize: input.consoleSize } : {}),
      user: {
        uid: user.uid,
        gid: user.gid,
        umask: 0o022,
        // A single-id map forbids setgroups.
        ...(user.additionalGids.length && host.mappedGids > 1 ? { additionalGids: mappedOnly(user.additionalGids, input) } : {}),
      },
      args: HostConfig.Init ? [INIT_PATH, '--', ...command] : command,
      env: processEnvironment(Config, user.home),
      cwd: isAbsolute(cwd) ? cwd : join('/', cwd),
      capabilities: processCapabilities(capabilities, user.uid),
      ...(HostConfig.Ulimits?.length ? { rlimits: rlimits(HostConfig.Ulimits, host.limitsText) } : {}),
      noNewPrivileges: noNewPrivileges(record),
      ...(HostConfig.OomScoreAdj ? { oomScoreAdj: HostConfig.OomScoreAdj } : {}),
      ...(apparmor && apparmor !== 'unconfined' ? { apparmorProfile: apparmor } : {}),
    },
    root: { path: input.rootfs, readonly: HostConfig.ReadonlyRootfs },
    ...names(input),
    mounts: mounts(record, {
      isHostNetwork: input.network === 'host',
      ...(input.ipcMounts ? { ipcMounts: input.ipcMounts } : {}),
      sharesPids: input.sharing?.pid === 'ours',
      mappedGids: host.mappedGids,
      files: input.files,
      ...(HostConfig.Init && input.init ? { init: input.init } : {}),
      devices: devices(record, host),
    }),
    ...annotations(HostConfig),
    linux: linux(input, capabilities),
  };
}

function names({ record: { Config }, sandbox, sharing }: SpecInput): Pick<OciSpec, 'hostname' | 'domainname'> {
  if (sandbox?.canSetHostname === false || sharing?.uts === 'ours') return {};
  // A UTS namespace that we made is not the nested user namespace's to name: we have named it.
  if (sharing?.uts && sharing.user) return {};
  return { hostname: Config.Hostname, ...(Config.Domainname ? { domainname: Config.Domainname } : {}) };
}

function annotations({ Annotations = {}, GroupAdd }: HostConfig): Pick<OciSpec, 'annotations'> {
  const all = { ...Annotations, ...(GroupAdd?.includes(KEEP_GROUPS) ? KEEP_GROUPS_ANNOTATION : {}) };
  return Object.keys(all).length ? { annotations: all } : {};
}

function linux(input: SpecInput, capabilities: string[]): OciLinux {
  const { record, network, cgroup, host } = input;
  const seccomp = seccompOf(record, capabilities, host);
  const sysctls = sysctlsOf(input);
  const limits = cgroup && resources(record.HostConfig, cgroup);
  const propagation = rootPropagation(record);
  return {
    namespaces: namespaces(input.sharing ?? {}, network),
    ...(propagation ? { rootfsPropagation: propagation } : {}),
    ...(cgroup ? { cgroupsPath: cgroup.path } : {}),
    ...(limits && Object.keys(limits).length ? { resources: limits } : {}),
    ...(sysctls ? { sysctl: sysctls } : {}),
    ...(hidesPaths(record) ? { maskedPaths: [...MASKED_PATHS], readonlyPaths: [...READONLY_PATHS] } : {}),
    ...(seccomp ? { seccomp } : {}),
  };
}

// Docker's: any user may bind any port of the container's own network, and ping.
function sysctlsOf({ record, network, sandbox, host, kept }: SpecInput): OciLinux['sysctl'] {
  const lastGid = host.mappedGids - (kept && kept.gid >= host.mappedGids ? 2 : 1);
  const own: Record<string, string> =
    network === 'host' || network.isOthers || sandbox?.canSetSysctls === false
      ? {}
      : { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': `0 ${lastGid}` };
  const all = { ...own, ...record.HostConfig.Sysctls };
  return Object.keys(all).length ? all : undefined;
}

function seccompOf(record: ContainerRecord, capabilities: string[], host: HostFacts): OciSeccomp | undefined {
  const choice = securityOption(record, 'seccomp');
  if (choice === 'unconfined' || !host.hasSeccomp) return undefined;
  const facts = { capabilities, architecture: host.architecture, kernelRelease: host.kernelRelease };
  if (choice !== undefined && choice !== 'builtin') return customSeccomp(choice, facts);
  return record.HostConfig.Privileged ? undefined : defaultSeccomp(facts);
}

/** The value of the last `name=value` (or the older `name:value`) among the security options. */
function securityOption({ HostConfig }: ContainerRecord, name: string): string | undefined {
  const option = HostConfig.SecurityOpt?.findLast((entry) => entry.startsWith(`${name}=`) || entry.startsWith(`${name}:`));
  return option?.slice(name.length + 1);
}

function noNewPrivileges(record: ContainerRecord): boolean {
  if (record.HostConfig.SecurityOpt?.includes('no-new-privileges')) return true;
  return securityOption(record, 'no-new-privileges') === 'true';
}

const hidesPaths = (record: ContainerRecord): boolean =>
  !record.HostConfig.Privileged && securityOption(record, 'systempaths') !== 'unconfined';

function devices({ HostConfig }: ContainerRecord, host: HostFacts): { host: string; inside: string; readOnly: boolean }[] {
  const asked = (HostConfig.Devices ?? []).map(({ PathOnHost, PathInContainer, CgroupPermissions }) => ({
    host: PathOnHost,
    inside: PathInContainer,
    readOnly: !CgroupPermissions.includes('w'),
  }));
  const all = HostConfig.Privileged ? host.openableDevices().map((path) => ({ host: path, inside: path, readOnly: false })) : [];
  return [...all.filter(({ inside }) => !asked.some((device) => device.inside === inside)), ...asked];
}

function mappedOnly(gids: number[], { host, kept }: SpecInput): number[] {
  return gids.filter((gid) => hasId(gid, kept?.gid ?? 0, host.mappedGids));
}

function assertMapped(user: ResolvedUser, { host, kept }: SpecInput): void {
  const hasUid = hasId(user.uid, kept?.uid ?? 0, host.mappedUids);
  if (hasUid && hasId(user.gid, kept?.gid ?? 0, host.mappedGids)) return;
  const [kind, id, count] = hasUid ? ['gid', user.gid, host.mappedGids] : ['uid', user.uid, host.mappedUids];
  throw new EngineError(
    'ERR_ID_NOT_MAPPED',
    `Cannot run as ${kind} ${id}: this user namespace has ${count === 1 ? 'one id' : `ids 0 to ${Number(count) - 1}`} only`,
    {
      hint: 'Give yourself a larger range in /etc/subuid and /etc/subgid (see "skiff info"), or run as another user with -u',
      exitCode: 126,
    },
  );
}
