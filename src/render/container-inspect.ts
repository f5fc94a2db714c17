// A container as Docker 28's `inspect` shows it: every field, in Docker's order and types, null where Docker has null. Pure, so that the
// command line and the REST API give the same. Objects are marked as structs or maps for templates (go-values.ts).
import { join } from 'node:path';
import type { ContainerConfig, ContainerRecord, ContainerState, Healthcheck, HealthState, MountPoint } from '../storage/records.ts';
import { goMap, listOrNil, NIL_LIST, struct } from './go-values.ts';
import { type HostConfigFacts, renderHostConfig, setOrNil } from './host-config.ts';
import { type NetworkFacts, renderNetworkSettings } from './network-settings.ts';

export interface ContainerFacts extends HostConfigFacts, NetworkFacts {
  /** `containers/<id>`. */
  folder: string;
  logPath: string;
  /** Folders of the unpacked layers, base first. */
  layerFolders: readonly string[];
  /** Of the execs that run. */
  execIds: readonly string[] | null;
  /** With `--size`. */
  size?: { sizeRw: number; sizeRootFs: number };
}

export function renderContainer(record: ContainerRecord, state: ContainerState, facts: ContainerFacts): object {
  return struct('container.InspectResponse', {
    Id: record.Id,
    Created: record.Created,
    Path: record.Path,
    Args: record.Args,
    State: renderState(state),
    Image: record.Image,
    ResolvConfPath: join(facts.folder, 'resolv.conf'),
    HostnamePath: join(facts.folder, 'hostname'),
    HostsPath: join(facts.folder, 'hosts'),
    LogPath: record.HostConfig.LogConfig.Type === 'json-file' ? facts.logPath : '',
    Name: `/${record.Name}`,
    RestartCount: state.RestartCount,
    Driver: record.Driver,
    Platform: record.Platform.os,
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: listOrNil(facts.execIds),
    HostConfig: renderHostConfig(record, facts),
    GraphDriver: graphDriver(record, facts),
    SizeRw: facts.size?.sizeRw,
    SizeRootFs: facts.size?.sizeRootFs,
    Mounts: record.Mounts.map(renderMount),
    Config: renderConfig(record.Config),
    NetworkSettings: renderNetworkSettings(record, state, facts),
  });
}

function renderState(state: ContainerState): object {
  return struct('container.State', {
    Status: state.Status,
    Running: state.Status === 'running' || state.Status === 'paused' || state.Status === 'restarting',
    Paused: state.Status === 'paused',
    Restarting: state.Status === 'restarting',
    OOMKilled: state.OOMKilled,
    Dead: state.Status === 'dead',
    Pid: state.Pid,
    ExitCode: state.ExitCode,
    Error: state.Error,
    StartedAt: state.StartedAt,
    FinishedAt: state.FinishedAt,
    Health: state.Health && renderHealth(state.Health),
  });
}

function renderHealth({ Status, FailingStreak, Log }: HealthState): object {
  const checks = Log.map((check) => struct('*container.HealthcheckResult', { ...check }));
  return struct('*container.Health', { Status, FailingStreak, Log: checks });
}

function graphDriver(record: ContainerRecord, { folder, layerFolders }: ContainerFacts): object {
  const data: Record<string, string> = { ID: record.Id, MergedDir: join(folder, 'merged'), UpperDir: join(folder, 'upper') };
  if (record.Driver !== 'copy') {
    data.LowerDir = layerFolders.toReversed().join(':');
    data.WorkDir = join(folder, 'work');
  }
  return struct('storage.DriverData', { Data: goMap(data, ''), Name: record.Driver });
}

function renderMount({ Type, Name, Source, Destination, Driver, Mode, RW, Propagation }: MountPoint): object {
  const fields = { Type, Name: Name || undefined, Source, Destination, Driver: Driver || undefined, Mode, RW, Propagation };
  return struct('container.MountPoint', fields, { Name: '', Driver: '' });
}

function renderConfig(config: ContainerConfig): object {
  return struct(
    'container.Config',
    {
      Hostname: config.Hostname,
      Domainname: config.Domainname,
      User: config.User,
      AttachStdin: config.AttachStdin,
      AttachStdout: config.AttachStdout,
      AttachStderr: config.AttachStderr,
      ExposedPorts: config.ExposedPorts && setOrNil(config.ExposedPorts),
      Tty: config.Tty,
      OpenStdin: config.OpenStdin,
      StdinOnce: config.StdinOnce,
      Env: config.Env,
      Cmd: listOrNil(config.Cmd),
      Healthcheck: config.Healthcheck && renderHealthcheck(config.Healthcheck),
      Image: config.Image,
      Volumes: setOrNil(config.Volumes),
      WorkingDir: config.WorkingDir,
      Entrypoint: listOrNil(config.Entrypoint),
      OnBuild: listOrNil(config.OnBuild),
      Labels: goMap(config.Labels, ''),
      StopSignal: config.StopSignal || undefined,
      StopTimeout: config.StopTimeout,
      Shell: config.Shell,
    },
    { ExposedPorts: {}, StopSignal: '', Shell: NIL_LIST },
  );
}

/** Only what was set, in Docker's order. */
export function renderHealthcheck({ Test, Interval, Timeout, StartPeriod, StartInterval, Retries }: Healthcheck): object {
  return struct('*v1.HealthcheckConfig', {
    Test,
    Interval: Interval || undefined,
    Timeout: Timeout || undefined,
    StartPeriod: StartPeriod || undefined,
    StartInterval: StartInterval || undefined,
    Retries: Retries || undefined,
  });
}
