// The shape was checked against Docker: its client 28.2 reads this JSON into its types and writes the same bytes back.
import { type ContainerFacts, renderContainer } from '../../../src/render/container-inspect.ts';
import { containerRecord, containerState, ID, IMAGE_ID, STOPPED } from './support/records.ts';

const FACTS: ContainerFacts = {
  folder: '/data/c',
  logPath: '/data/c/log',
  layerFolders: ['/layers/aa', '/layers/bb'],
  execIds: null,
  endpointId: 'e1',
  sandboxId: 's1',
  maskedPaths: ['/proc/kcore'],
  readonlyPaths: ['/proc/sys'],
};

const rendered = (record = containerRecord(), state = containerState(), facts = FACTS) =>
  JSON.parse(JSON.stringify(renderContainer(record, state, facts)));

test('the fields stand in Docker’s order', () => {
  expect(Object.keys(rendered()).join(' ')).toBe(
    'Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver Platform MountLabel ProcessLabel ' +
      'AppArmorProfile ExecIDs HostConfig GraphDriver Mounts Config NetworkSettings',
  );
  expect(Object.keys(rendered().HostConfig).join(' ')).toBe(
    'Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom ConsoleSize CapAdd CapDrop ' +
      'CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode Privileged PublishAllPorts ' +
      'ReadonlyRootfs SecurityOpt UTSMode UsernsMode ShmSize Runtime Isolation CpuShares Memory NanoCpus CgroupParent BlkioWeight ' +
      'BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps CpuPeriod CpuQuota CpuRealtimePeriod ' +
      'CpuRealtimeRuntime CpusetCpus CpusetMems Devices DeviceCgroupRules DeviceRequests MemoryReservation MemorySwap MemorySwappiness ' +
      'OomKillDisable PidsLimit Ulimits CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth MaskedPaths ReadonlyPaths',
  );
});

test('a running container', () => {
  const { State, Name, Image, LogPath, Mounts, NetworkSettings, GraphDriver, Config } = rendered();
  expect({ Name, Image, LogPath }).toEqual({ Name: '/web', Image: IMAGE_ID, LogPath: '/data/c/log' });
  expect(State).toEqual({
    Status: 'running',
    Running: true,
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: 4711,
    ExitCode: 0,
    Error: '',
    StartedAt: '2024-01-02T03:02:05Z',
    FinishedAt: '0001-01-01T00:00:00Z',
  });
  expect(Mounts).toEqual([
    { Type: 'bind', Source: '/srv', Destination: '/data', Mode: 'ro', RW: false, Propagation: 'rprivate' },
    { Type: 'volume', Name: 'a-rather-long-name', Source: '/v', Destination: '/v', Driver: 'local', Mode: 'z', RW: true, Propagation: '' },
  ]);
  expect(NetworkSettings).toEqual({
    Bridge: '',
    SandboxID: 's1',
    SandboxKey: '/run/netns/x',
    Ports: {
      '443/tcp': null,
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
    },
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: 'e1',
    Gateway: '10.88.0.1',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: '10.88.0.2',
    IPPrefixLen: 24,
    IPv6Gateway: '',
    MacAddress: '02:42:0a:58:00:02',
    Networks: {
      bridge: {
        IPAMConfig: null,
        Links: null,
        Aliases: null,
        MacAddress: '02:42:0a:58:00:02',
        DriverOpts: null,
        GwPriority: 0,
        NetworkID: expect.stringMatching(/^[0-9a-f]{64}$/),
        EndpointID: 'e1',
        Gateway: '10.88.0.1',
        IPAddress: '10.88.0.2',
        IPPrefixLen: 24,
        IPv6Gateway: '',
        GlobalIPv6Address: '',
        GlobalIPv6PrefixLen: 0,
        DNSNames: null,
      },
    },
  });
  expect(GraphDriver).toEqual({
    Data: { ID, LowerDir: '/layers/bb:/layers/aa', MergedDir: '/data/c/merged', UpperDir: '/data/c/upper', WorkDir: '/data/c/work' },
    Name: 'overlay',
  });
  expect(Config).toEqual({
    Hostname: ID.slice(0, 12),
    Domainname: '',
    User: '',
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    ExposedPorts: { '443/tcp': {}, '80/tcp': {} },
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
    Labels: { a: '1', 'org.example.tier': 'front' },
    StopSignal: 'SIGQUIT',
  });
});

test('a stopped container has no addresses and no ports', () => {
  const { State, NetworkSettings } = rendered(containerRecord(), containerState(STOPPED));
  expect([State.Running, State.ExitCode, State.Pid]).toEqual([false, 3, 0]);
  expect([NetworkSettings.Ports, NetworkSettings.IPAddress, NetworkSettings.SandboxKey, NetworkSettings.Networks.bridge.IPAddress]).toEqual(
    [{}, '', '', ''],
  );
});

test('what was not given is null, what was given is kept', () => {
  const { HostConfig } = containerRecord();
  const plain = rendered().HostConfig;
  expect([plain.CapAdd, plain.Dns, plain.Ulimits, plain.PidsLimit, plain.Binds]).toEqual([null, [], [], null, ['/srv:/data:ro']]);
  expect(plain.PortBindings).toEqual({ '80/tcp': [{ HostIp: '', HostPort: '8080' }] });
  const given = rendered(
    containerRecord({
      HostConfig: {
        ...HostConfig,
        Binds: null,
        CapAdd: ['CAP_NET_ADMIN'],
        PidsLimit: 5,
        Init: true,
        Tmpfs: { '/tmp': 'size=1m' },
        Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
      },
    }),
  ).HostConfig;
  expect([given.Binds, given.CapAdd, given.PidsLimit, given.Init, given.Tmpfs, given.Ulimits]).toEqual([
    null,
    ['CAP_NET_ADMIN'],
    5,
    true,
    { '/tmp': 'size=1m' },
    [{ Name: 'nofile', Hard: 2, Soft: 1 }],
  ]);
});

test('a privileged container hides no paths', () => {
  const { HostConfig } = rendered(containerRecord(), containerState(), { ...FACTS, maskedPaths: undefined, readonlyPaths: undefined });
  expect([HostConfig.MaskedPaths, HostConfig.ReadonlyPaths]).toEqual([null, null]);
});

test('sizes stand before the mounts, only when asked for', () => {
  const keys = Object.keys(rendered(containerRecord(), containerState(), { ...FACTS, size: { sizeRw: 1, sizeRootFs: 2 } }));
  expect(keys.slice(keys.indexOf('GraphDriver'), keys.indexOf('Config'))).toEqual(['GraphDriver', 'SizeRw', 'SizeRootFs', 'Mounts']);
});

test('a copied root has no lower folders', () => {
  const { GraphDriver } = rendered(containerRecord({ Driver: 'copy' }));
  expect(GraphDriver).toEqual({ Data: { ID, MergedDir: '/data/c/merged', UpperDir: '/data/c/upper' }, Name: 'copy' });
});

test('a health check shows what was set', () => {
  const { Config } = containerRecord();
  const { Healthcheck } = rendered(
    containerRecord({ Config: { ...Config, Healthcheck: { Test: ['CMD', 'true'], Interval: 5e9, Timeout: 0 } } }),
  ).Config;
  expect(Healthcheck).toEqual({ Test: ['CMD', 'true'], Interval: 5e9 });
});
