// A step as a container's record, which lives in memory alone: the functions that make a container's rootfs, network and configuration are those of
// `run`. What a container has and a step has not: a hostname of its own (BuildKit's is fixed), a name, ports, volumes.
import type { StorageDriver } from '../../../runtime/rootfs.ts';
import type { ContainerConfig, ContainerRecord, HostConfig } from '../../../storage/records.ts';
import { completeHostConfig } from '../../create/host-config.ts';
import type { BuildSite, RunNetwork, RunStep } from '../model.ts';
import type { StepMounts } from './mounts.ts';

const HOSTNAME = 'buildkitsandbox';

export function stepConfig({ env, user, workdir, stdin, hostname = HOSTNAME }: RunStep): ContainerConfig {
  return {
    Hostname: hostname,
    Domainname: '',
    User: user,
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    OpenStdin: stdin !== undefined,
    StdinOnce: true,
    Env: env,
    Cmd: null,
    Image: '',
    Volumes: null,
    WorkingDir: workdir,
    Entrypoint: null,
    OnBuild: null,
    Labels: {},
  };
}

export interface RecordParts {
  id: string;
  driver: StorageDriver;
  config: ContainerConfig;
  mounts: StepMounts;
}

/** Throws ERR_BAD_OPTION for limits that cannot be. */
export function stepRecord({ options, ctx }: BuildSite, step: RunStep, { id, driver, config, mounts }: RecordParts): ContainerRecord {
  const [Path = '', ...Args] = step.args;
  return {
    version: 1,
    Id: id,
    Created: ctx.now().toISOString(),
    Name: step.id,
    Image: '',
    Layers: step.layers,
    Platform: step.platform,
    Path,
    Args,
    Config: { ...config, Env: [...config.Env, ...mounts.env] },
    HostConfig: completeHostConfig({ ...limitsOf(options.limits), ...stepHost(step, options.addHosts), Mounts: mounts.tmpfs }),
    Mounts: mounts.points,
    Driver: driver,
  };
}

const NETWORKS: Readonly<Record<RunNetwork, string>> = { default: 'bridge', none: 'none', host: 'host' };

function stepHost({ network, security, devices }: RunStep, addHosts: readonly string[]): Partial<HostConfig> {
  const requests = devices.length ? [{ Driver: 'cdi', Count: 0, DeviceIDs: devices, Capabilities: [], Options: {} }] : [];
  return {
    NetworkMode: NETWORKS[network],
    ExtraHosts: addHosts.length ? [...addHosts] : null,
    Privileged: security === 'insecure',
    ...(requests.length ? { DeviceRequests: requests } : {}),
  };
}

const limitsOf = (limits: BuildSite['options']['limits']): Partial<HostConfig> => ({ ...limits });
