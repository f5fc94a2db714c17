// Records to render, complete and plain; tests change what they are about.
import type { ContainerRecord, ContainerState, ImageConfig, ImageRecord } from '../../../../src/storage/records.ts';

export const NOW = new Date('2024-01-02T03:04:05Z');
export const ID = 'a1b2c3d4e5f6'.padEnd(64, '0');
export const IMAGE_ID = `sha256:${'0123456789abcdef'.repeat(4)}`;
export const DIGEST = `sha256:${'f'.repeat(64)}`;

export function containerRecord(changes: Partial<ContainerRecord> = {}): ContainerRecord {
  return {
    version: 1,
    Id: ID,
    Created: '2024-01-02T03:02:00.123456789Z',
    Name: 'web',
    Image: IMAGE_ID,
    Layers: ['sha256:aa', 'sha256:bb'],
    Platform: { os: 'linux', architecture: 'amd64' },
    Path: '/docker-entrypoint.sh',
    Args: ['nginx', '-g', 'daemon off;'],
    Config: {
      Hostname: ID.slice(0, 12),
      Domainname: '',
      User: '',
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: ['PATH=/bin'],
      Cmd: ['nginx', '-g', 'daemon off;'],
      Image: 'nginx:1',
      Volumes: null,
      WorkingDir: '',
      Entrypoint: ['/docker-entrypoint.sh'],
      OnBuild: null,
      Labels: { 'org.example.tier': 'front', a: '1' },
      StopSignal: 'SIGQUIT',
    },
    HostConfig: {
      Binds: ['/srv:/data:ro'],
      ContainerIDFile: '',
      LogConfig: { Type: 'json-file', Config: {} },
      NetworkMode: 'bridge',
      PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
      PublishAllPorts: false,
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      AutoRemove: false,
      CapAdd: null,
      CapDrop: null,
      Dns: [],
      DnsOptions: [],
      DnsSearch: [],
      ExtraHosts: null,
      Privileged: false,
      ReadonlyRootfs: false,
      SecurityOpt: null,
      Memory: 0,
      MemorySwap: 0,
      NanoCpus: 0,
      PidsLimit: null,
      ShmSize: 67108864,
      Runtime: 'crun',
    },
    Mounts: [
      { Type: 'bind', Source: '/srv', Destination: '/data', Mode: 'ro', RW: false, Propagation: 'rprivate' },
      {
        Type: 'volume',
        Name: 'a-rather-long-name',
        Source: '/v',
        Destination: '/v',
        Driver: 'local',
        Mode: 'z',
        RW: true,
        Propagation: '',
      },
    ],
    Driver: 'overlay',
    ...changes,
  };
}

export function containerState(changes: Partial<ContainerState> = {}): ContainerState {
  return {
    version: 1,
    Status: 'running',
    Pid: 4711,
    ExitCode: 0,
    Error: '',
    OOMKilled: false,
    StartedAt: '2024-01-02T03:02:05Z',
    FinishedAt: '0001-01-01T00:00:00Z',
    RestartCount: 0,
    ManuallyStopped: false,
    BootId: '',
    SupervisorPid: 4700,
    CgroupPath: '',
    Ports: {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
    },
    Network: {
      IPAddress: '10.88.0.2',
      IPPrefixLen: 24,
      Gateway: '10.88.0.1',
      MacAddress: '02:42:0a:58:00:02',
      IPv6Address: '',
      SandboxKey: '/run/netns/x',
    },
    ...changes,
  };
}

export const STOPPED: Partial<ContainerState> = { Status: 'exited', Pid: 0, Ports: {}, FinishedAt: '2024-01-02T03:04:00Z', ExitCode: 3 };

export function imageRecord(changes: Partial<ImageRecord> = {}): ImageRecord {
  const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: DIGEST, size: 1 };
  return {
    version: 1,
    id: IMAGE_ID,
    manifest: descriptor,
    target: descriptor,
    platform: { os: 'linux', architecture: 'amd64' },
    layers: [],
    sizeBytes: 192_000_123,
    repoDigests: [],
    created: '2024-01-01T22:04:05Z',
    storedAt: '2024-01-02T00:00:00Z',
    ...changes,
  };
}

export function imageConfig(changes: Partial<ImageConfig> = {}): ImageConfig {
  return {
    architecture: 'amd64',
    os: 'linux',
    created: '2024-01-01T22:04:05Z',
    config: { Env: ['PATH=/bin'], Cmd: ['sh'], Labels: { b: '2', a: '1' }, ExposedPorts: { '80/tcp': {} } },
    rootfs: { type: 'layers', diff_ids: ['sha256:aa', 'sha256:bb'] },
    history: [{ comment: 'first' }, { comment: 'last' }],
    ...changes,
  };
}
