// --ipc, --pid, --uts, --cgroupns and --network container: what may be asked for, what contradicts what (Docker's rules and words), and which
// container is meant: a name becomes an id here, so that renaming changes nothing. Whether that container runs is looked at by the start.
import { hostname } from 'node:os';
import { joinedContainer, sharesPids } from '../../runtime/spec/namespaces.ts';
import { findContainer } from '../../storage/container.ts';
import type { ContainerConfig, HostConfig } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import type { CreateOptions } from './options.ts';

/** `hostConfig` with full ids in its modes. Throws ERR_BAD_OPTION, ERR_NO_SUCH_CONTAINER (exit code 125). */
export function resolveSharing(ctx: Ctx, hostConfig: HostConfig, asked: CreateOptions): HostConfig {
  checkModes(hostConfig);
  checkConflicts(hostConfig, asked);
  const { IpcMode, PidMode, UTSMode, NetworkMode } = hostConfig;
  return {
    ...hostConfig,
    NetworkMode: withId(ctx, NetworkMode),
    ...(IpcMode === undefined ? {} : { IpcMode: withId(ctx, IpcMode) }),
    ...(PidMode === undefined ? {} : { PidMode: PidMode === 'private' ? '' : withId(ctx, PidMode) }),
    ...(UTSMode === undefined ? {} : { UTSMode: UTSMode === 'private' ? '' : UTSMode }),
  };
}

function checkModes({ IpcMode = '', PidMode = '', UTSMode = '', CgroupnsMode = '', NetworkMode }: HostConfig): void {
  if (joinedContainer(NetworkMode) === '') {
    throw bad('Invalid network mode: invalid container format container:<name|id>', 'Give the name of a container after the colon');
  }
  if (!['', 'private', 'shareable', 'none', 'host'].includes(IpcMode) && !joinedContainer(IpcMode)) {
    throw bad(`Invalid IPC mode: ${IpcMode}`, 'Use private, shareable, none, host or container:NAME');
  }
  if (!['', 'private', 'host'].includes(PidMode) && !joinedContainer(PidMode)) {
    throw bad(`Invalid PID mode: ${PidMode}`, 'Use private, host or container:NAME');
  }
  if (!['', 'private', 'host'].includes(UTSMode)) throw bad(`Invalid UTS mode: ${UTSMode}`, 'Use private or host');
  if (!['', 'private', 'host'].includes(CgroupnsMode)) throw bad(`Invalid CGROUP mode: ${CgroupnsMode}`, 'Use private or host');
}

function checkConflicts(hostConfig: HostConfig, { Config, HostConfig: given }: CreateOptions): void {
  const { IpcMode, UTSMode, NetworkMode } = hostConfig;
  const ipcIsOthers = IpcMode === 'host' || joinedContainer(IpcMode) !== undefined;
  if (joinedContainer(NetworkMode) !== undefined) checkJoinedNetwork(hostConfig, Config);
  if (UTSMode === 'host' && (Config.Hostname || Config.Domainname)) {
    throw bad('Conflicting options: hostname and the UTS mode', 'Leave out --hostname and --domainname, or --uts host');
  }
  const gateway = NetworkMode === 'none' && hostConfig.ExtraHosts?.find((line) => line.endsWith(':host-gateway'));
  if (gateway) throw bad(`Cannot reach the host ("${gateway}") without a network`, 'Leave out --network none, or the --add-host');
  if (given.ShmSize && (ipcIsOthers || IpcMode === 'none')) {
    throw bad(
      `Conflicting options: shm-size and the IPC mode ${IpcMode}`,
      "Its /dev/shm is not this container's to size: leave out --shm-size",
    );
  }
  if (UTSMode === 'host' && ipcIsOthers && sharesPids(hostConfig)) {
    throw bad(
      'Conflicting options: --pid, --ipc and --uts cannot all be shared',
      "Without one of them skiff could not tell which processes are the container's: leave one of the three out",
    );
  }
}

function checkJoinedNetwork(
  { Dns, DnsOptions, DnsSearch, ExtraHosts, PortBindings, PublishAllPorts }: HostConfig,
  config: CreateOptions['Config'],
): void {
  const hint = "The network, its names and its ports are the other container's: give them to that one";
  if (config.Hostname || config.Domainname) throw bad('Conflicting options: hostname and the network mode', hint);
  if (Dns.length || DnsOptions.length || DnsSearch.length) throw bad('Conflicting options: dns and the network mode', hint);
  if (ExtraHosts?.length) throw bad('Conflicting options: custom host-to-IP mapping and the network mode', hint);
  if (Object.keys(PortBindings).length || PublishAllPorts) {
    throw bad('Conflicting options: port publishing and the container type network mode', hint);
  }
  if (Object.keys(config.ExposedPorts ?? {}).length) {
    throw bad('Conflicting options: port exposing and the container type network mode', hint);
  }
}

function withId(ctx: Ctx, mode: string): string {
  const wanted = joinedContainer(mode);
  return wanted === undefined ? mode : `container:${existing(ctx, wanted)}`;
}

function existing(ctx: Ctx, wanted: string): string {
  try {
    return findContainer(ctx, wanted).record.Id;
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw new EngineError(cause.code, cause.message, { ...(cause.hint === undefined ? {} : { hint: cause.hint }), cause, exitCode: 125 });
  }
}

/** The host name (and domain) of a container that was given none: the host's, or the other container's, with whose network it comes. */
export function defaultNames(
  ctx: Ctx,
  { NetworkMode, UTSMode }: HostConfig,
  id: string,
): Pick<ContainerConfig, 'Hostname'> & Partial<ContainerConfig> {
  if (NetworkMode === 'host' || UTSMode === 'host') return { Hostname: hostname() };
  const owner = joinedContainer(NetworkMode);
  if (owner === undefined) return { Hostname: id.slice(0, 12) };
  const { Hostname, Domainname } = findContainer(ctx, owner).record.Config;
  return { Hostname, Domainname };
}

const bad = (message: string, hint: string): EngineError => new EngineError('ERR_BAD_OPTION', message, { hint, exitCode: 125 });
