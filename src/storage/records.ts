// The records on disk, as types. Field names inside `Config` and `HostConfig` are Docker's (Engine API 1.4x), so that one
// record serves the CLI, `inspect` and the REST API. Each record carries `version`; a reader accepts every older one.
// Longer than other files: types alone, which are looked up here.
import type { EndpointSettings, EndpointState } from './network-records.ts';

/** OCI content descriptor (image-spec, descriptor.md). */
export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  urls?: string[] | undefined;
  annotations?: Record<string, string> | undefined;
  platform?: Platform | undefined;
  artifactType?: string | undefined;
}

export interface Platform {
  os: string;
  architecture: string;
  variant?: string | undefined;
  'os.version'?: string | undefined;
  'os.features'?: string[] | undefined;
}

export interface ImageReferenceRecord {
  version: 1;
  /** Canonical: `docker.io/library/alpine:latest` or `host/repo@sha256:…`. */
  reference: string;
  /** Image id: `sha256:<hex of the config blob>`. */
  id: string;
  /** RFC 3339. */
  taggedAt: string;
}

export interface ImageRecord {
  version: 1;
  /** `sha256:<hex>` of the config blob, as Docker's image ID. */
  id: string;
  manifest: Descriptor;
  /** What the registry served under the reference: an index, or `manifest` itself. */
  target: Descriptor;
  platform: Platform;
  /** Compressed blobs and their diff-ids, base first. */
  layers: ImageLayer[];
  /** Unpacked size of all layers, bytes. */
  sizeBytes: number;
  /** Canonical `name@sha256:…`, one per repository it was pulled from or pushed to. */
  repoDigests: string[];
  /** Digests of blobs that are kept with it: what its index names for other platforms, where they came along, so that the index stays whole. */
  companions?: string[] | undefined;
  /** RFC 3339, of the image config (`created`); '' when it has none. */
  created: string;
  /** RFC 3339. */
  storedAt: string;
}

/** What a list shows of an image: all of its record but the layers, which are most of its text. */
export type ImageHead = Omit<ImageRecord, 'layers'>;

export interface ImageLayer {
  digest: string;
  diffId: string;
  mediaType: string;
  /** Compressed, bytes. */
  size: number;
}

/** Where a file of an archive lies: in the open tar file, in the open folder, or in the store, where it was read to from a stream. */
export type ArchivePlace =
  | { kind: 'at'; offset: number; size: number }
  | { kind: 'file'; path: string; size: number }
  | { kind: 'stored'; digest: string; size: number }
  | { kind: 'memory'; data: Uint8Array; size: number };

export interface LayerRecord {
  version: 1;
  diffId: string;
  /** Sum of regular file sizes, bytes. */
  sizeBytes: number;
  entries: number;
  /** `xxh64:<hex>`: sum of the xxHash64 of each entry's path, type, mode, owner, mtime, size, content CRC, link target and xattrs. */
  tree: string;
  /** Boot it was unpacked in: until it is noted as synced, or an image record reaches it, it is trusted only while the machine stays up. */
  bootId?: string;
  /** Device nodes left out because the user may not make them. */
  skippedDevices: number;
}

/** `config` of an OCI image, Docker's field names (image-spec, config.md; Docker's extensions: Healthcheck, Shell, OnBuild). */
export interface ImageRunConfig {
  User?: string;
  ExposedPorts?: Record<string, Record<string, never>>;
  Env?: string[];
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  Volumes?: Record<string, Record<string, never>>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  Healthcheck?: Healthcheck;
  Shell?: string[];
  OnBuild?: string[] | null;
  ArgsEscaped?: boolean;
}

/** Durations in nanoseconds, as in Docker's API. */
export interface Healthcheck {
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

/** The image config blob. */
export interface ImageConfig {
  architecture: string;
  os: string;
  variant?: string | undefined;
  created?: string | undefined;
  author?: string | undefined;
  config?: ImageRunConfig | undefined;
  rootfs: { type: string; diff_ids: string[] };
  history?: ImageHistory[] | undefined;
}

export interface ImageHistory {
  created?: string | undefined;
  created_by?: string | undefined;
  author?: string | undefined;
  comment?: string | undefined;
  empty_layer?: boolean | undefined;
}

/** Docker's `Config` of a container: image config with the user's flags merged in. */
export interface ContainerConfig {
  Hostname: string;
  Domainname: string;
  User: string;
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  ExposedPorts?: Record<string, Record<string, never>>;
  Tty: boolean;
  OpenStdin: boolean;
  StdinOnce: boolean;
  Env: string[];
  Cmd: string[] | null;
  Healthcheck?: Healthcheck;
  /** As the user gave it. */
  Image: string;
  Volumes: Record<string, Record<string, never>> | null;
  WorkingDir: string;
  Entrypoint: string[] | null;
  OnBuild: string[] | null;
  Labels: Record<string, string>;
  StopSignal?: string;
  /** Seconds. */
  StopTimeout?: number;
  Shell?: string[];
}

export interface PortBinding {
  HostIp: string;
  /** '' means any free port. */
  HostPort: string;
}

export interface RestartPolicy {
  Name: 'no' | 'always' | 'on-failure' | 'unless-stopped';
  MaximumRetryCount: number;
}

/** The part of Docker's `HostConfig` that skiff acts on; the renderer fills Docker's other fields with their defaults. */
export interface HostConfig {
  /** `/host:/ctr[:opts]` and `name:/ctr[:opts]`, as given. */
  Binds: string[] | null;
  ContainerIDFile: string;
  LogConfig: { Type: string; Config: Record<string, string> };
  /** `none`, `host`, `bridge` (the default network), `container:<id>` or a network's name. */
  NetworkMode: string;
  /** skiff's own: the outbound policy, as given; absent is none. */
  Egress?: string[];
  PortBindings: Record<string, PortBinding[]>;
  PublishAllPorts: boolean;
  RestartPolicy: RestartPolicy;
  AutoRemove: boolean;
  CapAdd: string[] | null;
  CapDrop: string[] | null;
  Dns: string[];
  DnsOptions: string[];
  DnsSearch: string[];
  /** `host:ip` lines. */
  ExtraHosts: string[] | null;
  Privileged: boolean;
  ReadonlyRootfs: boolean;
  SecurityOpt: string[] | null;
  /** Path → mount options. */
  Tmpfs?: Record<string, string>;
  /** Bytes; 0 = no limit. */
  Memory: number;
  MemorySwap: number;
  NanoCpus: number;
  PidsLimit: number | null;
  /** Bytes. */
  ShmSize: number;
  Init?: boolean;
  Runtime: string;
  StorageDriver?: string;
  /** Soft and hard limits; -1 is unlimited. */
  Ulimits?: { Name: string; Soft: number; Hard: number }[];
  Devices?: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[];
  /** GPUs and CDI devices, in Docker's words. */
  DeviceRequests?: DeviceRequest[];
  DeviceCgroupRules?: string[];
  Annotations?: Record<string, string>;
  GroupAdd?: string[];
  /** `name=value` pairs of the container's own namespaces. */
  Sysctls?: Record<string, string>;
  /** `private` (default), `shareable`, `none`, `host`, `container:<id>`. */
  IpcMode?: string;
  /** '' is its own; `host`, `container:<id>`. */
  PidMode?: string;
  /** '' is its own; `host`. */
  UTSMode?: string;
  /** '' and `private` are its own; `host`. */
  CgroupnsMode?: string;
  /** '' is the user's namespace; `host`, `keep-id[:uid=N,gid=N]`. */
  UsernsMode?: string;
  /** `default`, where it was asked for. */
  Isolation?: string;
  CgroupParent?: string;
  OomScoreAdj?: number;
  /** Bytes. */
  MemoryReservation?: number;
  /** 0 to 100; undefined or -1 is the kernel's own. */
  MemorySwappiness?: number;
  CpuShares?: number;
  /** Microseconds. */
  CpuPeriod?: number;
  CpuQuota?: number;
  CpusetCpus?: string;
  CpusetMems?: string;
  BlkioWeight?: number;
  BlkioWeightDevice?: { Path: string; Weight: number }[];
  BlkioDeviceReadBps?: ThrottleDevice[];
  BlkioDeviceWriteBps?: ThrottleDevice[];
  BlkioDeviceReadIOps?: ThrottleDevice[];
  BlkioDeviceWriteIOps?: ThrottleDevice[];
  StorageOpt?: Record<string, string>;
  /** `container[:ro|rw]`, as given. */
  VolumesFrom?: string[];
  /** `--mount`, in Docker's words; `Binds` and `Tmpfs` hold what `-v` and `--tmpfs` gave. */
  Mounts?: MountRequest[];
}

/** Docker's request for devices by driver and capability; `cdi` names them in `DeviceIDs`. `Count` -1 is all. */
export interface DeviceRequest {
  Driver: string;
  Count: number;
  DeviceIDs: string[] | null;
  Capabilities: string[][];
  Options: Record<string, string>;
}

/** `Rate` in bytes or operations a second. */
export interface ThrottleDevice {
  Path: string;
  Rate: number;
}

/** What skiff offers beyond Docker's HostConfig; `inspect` shows Docker's fields alone. */
export interface ContainerExtras {
  /** Seconds after which the container is killed. */
  TimeoutSeconds?: number;
  /** Zone name, or `local`. */
  Timezone?: string;
  HealthOnFailure?: 'none' | 'kill' | 'restart' | 'stop';
  Secrets?: SecretUse[];
  /** A published port that is privileged here is replaced by another. */
  PublishFallback?: boolean;
}

/** A secret of the local store, as a container is to see it. `Target` is a path below /run/secrets, an absolute path, or a variable. */
export interface SecretUse {
  /** Secret id. */
  ID: string;
  Name: string;
  Type: 'mount' | 'env';
  Target: string;
  UID: number;
  GID: number;
  Mode: number;
}

/** A mount as asked for with `--mount`. */
export interface MountRequest {
  Type: 'bind' | 'volume' | 'tmpfs' | 'image';
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  BindOptions?: {
    Propagation?: string;
    NonRecursive?: boolean;
    ReadOnlyNonRecursive?: boolean;
    ReadOnlyForceRecursive?: boolean;
    CreateMountpoint?: boolean;
  };
  VolumeOptions?: {
    NoCopy?: boolean;
    Labels?: Record<string, string>;
    Subpath?: string;
    DriverConfig?: { Name: string; Options: Record<string, string> };
  };
  ImageOptions?: { Subpath?: string };
  /** `Mode` is the number itself, 0o1777 and the like. */
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
  /** skiff's own: what has no field of Docker's, in the words of `-v` (`U`, `O`, `idmap`, `z` …). */
  Words?: string[];
}

/** A mount decided at creation. */
export interface MountPoint {
  Type: 'bind' | 'volume' | 'tmpfs' | 'image';
  /** Volume name, for `volume`. */
  Name?: string;
  Source: string;
  Destination: string;
  Driver?: string;
  Mode: string;
  RW: boolean;
  Propagation: string;
  /** Made for this container alone: `rm -v` and `--rm` remove it. */
  Anonymous?: boolean;
  /** Of a volume that is a tmpfs: its mount options. */
  Tmpfs?: string;
  /** What of a volume or an image is shown; relative. */
  Subpath?: string;
  /** Of a bind, what is mounted below its source: not there, writable though it is read-only, or surely read-only. */
  Recursion?: 'disabled' | 'writable' | 'readonly';
  /** Of an image (`Source` is its name as given): its id, and the diff-ids of its layers, base first. */
  ImageID?: string;
  Layers?: string[];
}

/** `containers/<id>/config.json`: as created. Only `Name`, networks, limits and restart policy ever change. */
export interface ContainerRecord {
  version: 1;
  /** 64 hex digits. */
  Id: string;
  /** RFC 3339 with nanoseconds. */
  Created: string;
  /** Without the leading slash. */
  Name: string;
  /** Image id `sha256:…`. */
  Image: string;
  /** Diff-ids, base first: what the rootfs is stacked from. */
  Layers: string[];
  Platform: Platform;
  Path: string;
  Args: string[];
  Config: ContainerConfig;
  HostConfig: HostConfig;
  Mounts: MountPoint[];
  /** By network name, in the order they were given. Absent: only what `HostConfig.NetworkMode` says. */
  Endpoints?: Record<string, EndpointSettings>;
  Extras?: ContainerExtras;
  /** Rootfs driver fixed at creation (`upper/` depends on it). */
  Driver: 'overlay' | 'fuse-overlayfs' | 'copy';
}

/** `dead` is Docker's, and understood wherever a state is read; nothing here writes it. */
export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'dead';

/** Docker's `State.Health`: `Log` holds the last five checks, oldest first. */
export interface HealthState {
  Status: 'starting' | 'healthy' | 'unhealthy';
  FailingStreak: number;
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

/** `containers/<id>/state.json`: as it goes. Written only by who holds the container's lock. */
export interface ContainerState {
  version: 1;
  Status: ContainerStatus;
  /** Host pid of the container's init; 0 when not running. */
  Pid: number;
  ExitCode: number;
  Error: string;
  OOMKilled: boolean;
  /** Only while the container has a health check. */
  Health?: HealthState;
  /** RFC 3339 with nanoseconds; `0001-01-01T00:00:00Z` = never. */
  StartedAt: string;
  FinishedAt: string;
  RestartCount: number;
  /** The user stopped it: `unless-stopped` stays down. */
  ManuallyStopped: boolean;
  /** It was ended with the machine or the user's session, not by itself or the user. */
  WentDown?: boolean;
  /** Kernel boot id of the last write: another one means that nothing of it runs. */
  BootId: string;
  /** Start time of `Pid`, where the container has no pid namespace that dies with its supervisor. */
  InitStarted?: string;
  /** Host pid of the supervisor. */
  SupervisorPid: number;
  /** Of the container, below the cgroup2 mount; '' when it has none of its own. */
  CgroupPath: string;
  /** As published: container port `80/tcp` → host bindings. */
  Ports: Record<string, PortBinding[]>;
  Network: { IPAddress: string; IPPrefixLen: number; Gateway: string; MacAddress: string; IPv6Address: string; SandboxKey: string };
  /** By network name: the networks of the record's `Endpoints` that it is on, while it runs. */
  Networks?: Record<string, EndpointState>;
}

/** `volumes/<name>/volume.json`. */
export interface VolumeRecord {
  version: 1;
  Name: string;
  Driver: 'local';
  Labels: Record<string, string>;
  Options: Record<string, string>;
  CreatedAt: string;
  Anonymous: boolean;
}

/** `volumes/<name>/snapshots/<snapshot>/snapshot.json`. The name is the folder's. */
export interface SnapshotRecord {
  version: 1;
  Name: string;
  /** RFC 3339. */
  CreatedAt: string;
}

/** Docker's event message (Engine API, /events), a line of the event record. */
export interface EngineEvent {
  Type: 'container' | 'image' | 'volume' | 'network' | 'secret';
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: 'local';
  /** Seconds since 1970. */
  time: number;
  /** Nanoseconds since 1970: more digits than a JavaScript number has. */
  timeNano: bigint;
}
