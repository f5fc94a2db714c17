// `HostConfig` of an inspected container: Docker 28's fields in Docker's order, with Docker's defaults for what skiff has no setting of.
import type { ContainerRecord, HostConfig } from '../storage/records.ts';
import { goMap, listOrNil, NIL_LIST, nilMap, struct } from './go-values.ts';
import { renderResources } from './host-resources.ts';
import { renderMountRequest } from './mount-request.ts';

export interface HostConfigFacts {
  /** Hidden and read-only paths of this container; undefined when it has none (privileged). */
  maskedPaths: readonly string[] | undefined;
  readonlyPaths: readonly string[] | undefined;
}

export function renderHostConfig({ HostConfig: given }: ContainerRecord, facts: HostConfigFacts): object {
  // Lists that were not given stay null, as Docker's do.
  const lists = <K extends keyof HostConfig>(key: K): unknown => (given[key] === null || given[key] === undefined ? NIL_LIST : given[key]);
  return struct(
    'container.HostConfig',
    {
      Binds: lists('Binds'),
      ContainerIDFile: given.ContainerIDFile,
      LogConfig: struct('container.LogConfig', { Type: given.LogConfig.Type, Config: goMap(given.LogConfig.Config, '') }),
      NetworkMode: given.NetworkMode,
      PortBindings: portBindings(given),
      RestartPolicy: struct('container.RestartPolicy', { ...given.RestartPolicy }),
      AutoRemove: given.AutoRemove,
      VolumeDriver: '',
      VolumesFrom: lists('VolumesFrom'),
      ConsoleSize: [0, 0],
      Annotations: mapOrNothing(given.Annotations),
      CapAdd: lists('CapAdd'),
      CapDrop: lists('CapDrop'),
      CgroupnsMode: given.CgroupnsMode || 'private',
      Dns: lists('Dns'),
      DnsOptions: lists('DnsOptions'),
      DnsSearch: lists('DnsSearch'),
      ExtraHosts: lists('ExtraHosts'),
      GroupAdd: lists('GroupAdd'),
      IpcMode: given.IpcMode || 'private',
      Cgroup: '',
      Links: NIL_LIST,
      OomScoreAdj: given.OomScoreAdj ?? 0,
      PidMode: given.PidMode ?? '',
      Privileged: given.Privileged,
      PublishAllPorts: given.PublishAllPorts,
      ReadonlyRootfs: given.ReadonlyRootfs,
      SecurityOpt: lists('SecurityOpt'),
      StorageOpt: mapOrNothing(given.StorageOpt),
      Tmpfs: mapOrNothing(given.Tmpfs),
      UTSMode: given.UTSMode ?? '',
      UsernsMode: given.UsernsMode ?? '',
      ShmSize: given.ShmSize,
      Sysctls: mapOrNothing(given.Sysctls),
      Runtime: given.Runtime,
      Isolation: given.Isolation ?? '',
      ...renderResources(given),
      Mounts: given.Mounts?.length ? given.Mounts.map(renderMountRequest) : undefined,
      MaskedPaths: listOrNil(facts.maskedPaths),
      ReadonlyPaths: listOrNil(facts.readonlyPaths),
      Init: given.Init,
      Egress: given.Egress?.length ? given.Egress : undefined,
    },
    { Tmpfs: {}, Mounts: NIL_LIST, Egress: NIL_LIST, StorageOpt: {}, Sysctls: {}, Annotations: {} },
  );
}

/** Docker leaves these out when they are empty. */
const mapOrNothing = (map: Record<string, string> = {}): object | undefined => (Object.keys(map).length > 0 ? goMap(map, '') : undefined);

function portBindings({ PortBindings }: HostConfig): object {
  const entries = Object.entries(PortBindings).map(([port, bindings]): [string, object[]] => [
    port,
    bindings.map(({ HostIp, HostPort }) => struct('nat.PortBinding', { HostIp, HostPort })),
  ]);
  return entries.length > 0 ? goMap(Object.fromEntries(entries), NIL_LIST) : goMap({}, NIL_LIST);
}

/** An object used as a set (`Volumes`, `ExposedPorts`). */
export function setOrNil(set: Readonly<Record<string, unknown>> | null | undefined): object {
  if (!set) return nilMap(struct('struct {}', {}));
  return goMap(Object.fromEntries(Object.keys(set).map((key) => [key, struct('struct {}', {})])), struct('struct {}', {}));
}
