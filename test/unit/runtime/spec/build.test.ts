import { buildSpec, type SpecInput } from '../../../../src/runtime/spec/build.ts';
import { DEFAULT_CAPABILITIES } from '../../../../src/runtime/spec/capabilities.ts';
import type { HostFacts } from '../../../../src/runtime/spec/host-facts.ts';
import type { ContainerConfig, ContainerRecord, HostConfig } from '../../../../src/storage/records.ts';

const host: HostFacts = {
  architecture: 'amd64',
  kernelRelease: '6.1.0',
  lastCapability: 40,
  mappedUids: 65537,
  mappedGids: 65537,
  hasSeccomp: true,
  limitsText: 'Max open files            1024                 4096                 files     ',
  openableDevices: () => ['/dev/fuse', '/dev/net/tun'],
};

interface Change {
  config?: Partial<ContainerConfig>;
  hostConfig?: Partial<HostConfig>;
  record?: Partial<ContainerRecord>;
  input?: Partial<SpecInput>;
}

function record({ config, hostConfig, record: fields }: Change): ContainerRecord {
  return {
    version: 1,
    Id: 'a'.repeat(64),
    Created: '2024-01-01T00:00:00Z',
    Name: 'box',
    Image: `sha256:${'b'.repeat(64)}`,
    Layers: [],
    Platform: { os: 'linux', architecture: 'amd64' },
    Path: 'sh',
    Args: ['-c', 'true'],
    Mounts: [],
    Driver: 'overlay',
    ...fields,
    Config: {
      Hostname: 'box',
      Domainname: '',
      User: '',
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: [],
      Cmd: ['sh', '-c', 'true'],
      Image: 'x',
      Volumes: null,
      WorkingDir: '',
      Entrypoint: null,
      OnBuild: null,
      Labels: {},
      ...config,
    },
    HostConfig: {
      Binds: null,
      ContainerIDFile: '',
      LogConfig: { Type: 'json-file', Config: {} },
      NetworkMode: 'bridge',
      PortBindings: {},
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
      ...hostConfig,
    },
  };
}

function spec(change: Change = {}) {
  return buildSpec({
    record: record(change),
    rootfs: '/store/merged',
    user: { uid: 0, gid: 0, additionalGids: [], home: '/root' },
    network: { netns: '/run/netns' },
    files: { hosts: '/f/hosts', hostname: '/f/hostname', resolvConf: '/f/resolv.conf' },
    host,
    ...change.input,
  });
}

const mountAt = (change: Change, destination: string) => spec(change).mounts.find((mount) => mount.destination === destination);
const destinations = (change: Change = {}) => spec(change).mounts.map((mount) => mount.destination);

test('a plain container has the process that was asked for', () => {
  expect(spec().process).toEqual({
    terminal: false,
    user: { uid: 0, gid: 0, umask: 0o022 },
    args: ['sh', '-c', 'true'],
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOSTNAME=box', 'HOME=/root'],
    cwd: '/',
    capabilities: {
      bounding: [...DEFAULT_CAPABILITIES],
      effective: [...DEFAULT_CAPABILITIES],
      permitted: [...DEFAULT_CAPABILITIES],
    },
    noNewPrivileges: false,
  });
});

test('the default mounts come first, then our files', () => {
  expect(destinations()).toEqual([
    '/proc',
    '/dev',
    '/dev/pts',
    '/sys',
    '/sys/fs/cgroup',
    '/dev/mqueue',
    '/dev/shm',
    '/etc/resolv.conf',
    '/etc/hostname',
    '/etc/hosts',
  ]);
});

test('namespaces: all but the user namespace, which we are in already', () => {
  expect(spec().linux.namespaces).toEqual([
    { type: 'mount' },
    { type: 'uts' },
    { type: 'ipc' },
    { type: 'pid' },
    { type: 'cgroup' },
    { type: 'network', path: '/run/netns' },
  ]);
});

test('sysctls that were asked for win over ours', () => {
  const Sysctls = { 'net.ipv4.ping_group_range': '1 0', 'kernel.sem': '1' };
  expect(spec({ hostConfig: { Sysctls } }).linux.sysctl).toEqual({ 'net.ipv4.ip_unprivileged_port_start': '0', ...Sysctls });
  expect(spec({ hostConfig: { Sysctls: { 'kernel.sem': '1' } }, input: { network: 'host' } }).linux.sysctl).toEqual({ 'kernel.sem': '1' });
});

test('annotations and the score for the OOM killer are the runtime’s to set; keep-groups is an annotation of crun', () => {
  const made = spec({ hostConfig: { Annotations: { a: 'b' }, OomScoreAdj: 300, GroupAdd: ['keep-groups'] } });
  expect(made.annotations).toEqual({ a: 'b', 'run.oci.keep_original_groups': '1' });
  expect(made.process.oomScoreAdj).toBe(300);
  expect(spec().annotations).toBeUndefined();
});

test('what is shared is not made: ours needs no word, another’s is named by its file', () => {
  const sharing = { pid: { path: '/p' }, ipc: 'ours', uts: 'ours', cgroup: 'ours' } as const;
  const made = spec({ input: { sharing, ipcMounts: { shm: '/dev/shm', mqueue: false }, network: { netns: '/n', isOthers: true } } });
  expect(made.linux.namespaces).toEqual([{ type: 'mount' }, { type: 'pid', path: '/p' }, { type: 'network', path: '/n' }]);
  expect([made.hostname, made.linux.sysctl]).toEqual([undefined, undefined]);
  const mount = (path: string) => made.mounts.find(({ destination }) => destination === path);
  expect(mount('/dev/shm')).toEqual({
    destination: '/dev/shm',
    type: 'none',
    source: '/dev/shm',
    options: ['bind', 'rprivate', 'nosuid', 'noexec', 'nodev'],
  });
  expect(mount('/dev/mqueue')).toBeUndefined();
  expect(mount('/proc')?.type).toBe('proc');
});

test('without a netns file the runtime makes the network', () => {
  expect(spec({ input: { network: {} } }).linux.namespaces.at(-1)).toEqual({ type: 'network' });
});

test("on the host's network there is no namespace, no sysctl, and the host's /sys, read-only", () => {
  const change = { input: { network: 'host' as const } };
  const { linux } = spec(change);
  expect(linux.namespaces.map(({ type }) => type)).not.toContain('network');
  expect(linux.sysctl).toBeUndefined();
  expect(mountAt(change, '/sys')).toEqual({
    destination: '/sys',
    type: 'none',
    source: '/sys',
    options: ['rbind', 'rslave', 'nosuid', 'noexec', 'nodev', 'ro'],
  });
});

test('any user may bind low ports and ping in a network of its own', () => {
  expect(spec().linux.sysctl).toEqual({ 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 65536' });
});

test('devpts has the tty group only where the user namespace maps it', () => {
  expect(mountAt({}, '/dev/pts')?.options).toContain('gid=5');
  const single = { ...host, mappedUids: 1, mappedGids: 1 };
  expect(mountAt({ input: { host: single } }, '/dev/pts')?.options).toEqual([
    'nosuid',
    'noexec',
    'newinstance',
    'ptmxmode=0666',
    'mode=0620',
  ]);
});

test('a single-id map has no supplementary groups, a full one those that it maps', () => {
  const user = { uid: 0, gid: 0, additionalGids: [44, 70000], home: '/' };
  expect(spec({ input: { user } }).process.user.additionalGids).toEqual([44]);
  expect(spec({ input: { user, host: { ...host, mappedUids: 1, mappedGids: 1 } } }).process.user.additionalGids).toBeUndefined();
});

test.each([
  [{ uid: 65537, gid: 0 }, 65537, 'Cannot run as uid 65537: this user namespace has ids 0 to 65536 only'],
  [{ uid: 0, gid: 70000 }, 65537, 'Cannot run as gid 70000: this user namespace has ids 0 to 65536 only'],
  [{ uid: 1, gid: 0 }, 1, 'Cannot run as uid 1: this user namespace has one id only'],
])('user %j of %d ids is refused', (ids, count, message) => {
  const input = { user: { ...ids, additionalGids: [], home: '/' }, host: { ...host, mappedUids: count, mappedGids: count } };
  expect(() => spec({ input })).toThrow(expect.objectContaining({ message, exitCode: 126 }));
});

test('another user than root starts without capabilities', () => {
  const input = { user: { uid: 1000, gid: 1000, additionalGids: [], home: '/home/app' } };
  expect(spec({ input }).process.capabilities).toEqual({ bounding: [...DEFAULT_CAPABILITIES] });
});

test('--init puts the init program before the command', () => {
  const change = { hostConfig: { Init: true }, input: { init: '/store/init' } };
  expect(spec(change).process.args).toEqual(['/dev/init', '--', 'sh', '-c', 'true']);
  expect(mountAt(change, '/dev/init')).toEqual({
    destination: '/dev/init',
    type: 'none',
    source: '/store/init',
    options: ['rbind', 'rprivate', 'ro'],
  });
});

test('a terminal has the size that was given', () => {
  const { process } = spec({ config: { Tty: true }, input: { consoleSize: { height: 24, width: 80 } } });
  expect(process).toMatchObject({ terminal: true, consoleSize: { height: 24, width: 80 } });
  expect(process.env).toContain('TERM=xterm');
});

test('--read-only makes the root read-only', () => {
  expect(spec({ hostConfig: { ReadonlyRootfs: true } }).root).toEqual({ path: '/store/merged', readonly: true });
});

test('privileged lifts masks and the filter, opens /sys and shows devices', () => {
  const change = { hostConfig: { Privileged: true } };
  const { linux, process } = spec(change);
  expect(process.capabilities.bounding).toHaveLength(41);
  expect([linux.maskedPaths, linux.readonlyPaths, linux.seccomp]).toEqual([undefined, undefined, undefined]);
  expect(mountAt(change, '/sys')?.options).toEqual(['nosuid', 'noexec', 'nodev', 'rw']);
  expect(
    destinations(change)
      .filter((path) => path.startsWith('/dev/'))
      .toSorted(),
  ).toEqual(['/dev/fuse', '/dev/mqueue', '/dev/net/tun', '/dev/pts', '/dev/shm']);
});

test('a plain container hides and locks parts of /proc', () => {
  const { maskedPaths, readonlyPaths } = spec().linux;
  expect(maskedPaths).toContain('/proc/kcore');
  expect(readonlyPaths).toEqual(['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']);
});

test.each([
  [['seccomp=unconfined'], undefined],
  [['seccomp:unconfined'], undefined],
  [['seccomp=builtin'], 'SCMP_ACT_ERRNO'],
  [['seccomp={"defaultAction":"SCMP_ACT_LOG"}'], 'SCMP_ACT_LOG'],
  [null, 'SCMP_ACT_ERRNO'],
])('security options %j: filter %s', (SecurityOpt, defaultAction) => {
  expect(spec({ hostConfig: { SecurityOpt } }).linux.seccomp?.defaultAction).toBe(defaultAction);
});

test('systempaths=unconfined lifts the masks alone', () => {
  const { linux } = spec({ hostConfig: { SecurityOpt: ['systempaths=unconfined'] } });
  expect(linux.maskedPaths).toBeUndefined();
  expect(linux.seccomp).toBeDefined();
});

test('a kernel without seccomp gets no filter', () => {
  expect(spec({ input: { host: { ...host, hasSeccomp: false } } }).linux.seccomp).toBeUndefined();
});

test.each([
  [['no-new-privileges'], true],
  [['no-new-privileges=true'], true],
  [['no-new-privileges:true'], true],
  [['no-new-privileges=false'], false],
  [null, false],
])('security options %j: no new privileges %s', (SecurityOpt, expected) => {
  expect(spec({ hostConfig: { SecurityOpt } }).process.noNewPrivileges).toBe(expected);
});

test('an AppArmor profile is passed on, unconfined is nothing', () => {
  expect(spec({ hostConfig: { SecurityOpt: ['apparmor=mine'] } }).process.apparmorProfile).toBe('mine');
  expect(spec({ hostConfig: { SecurityOpt: ['apparmor=unconfined'] } }).process.apparmorProfile).toBeUndefined();
});

test('limits go to the cgroup that was given, and nowhere without one', () => {
  const hostConfig = { Memory: 64, MemorySwap: 128 };
  const { linux } = spec({
    hostConfig,
    input: { cgroup: { path: '/a/b', controllers: ['memory'], files: ['memory.swap.max'], device: () => undefined } },
  });
  expect(linux.cgroupsPath).toBe('/a/b');
  expect(linux.resources).toEqual({ memory: { limit: 64, swap: 128 } });
  expect(spec({ hostConfig }).linux.resources).toBeUndefined();
});

test('ulimits are cut to what the host allows', () => {
  const Ulimits = [{ Name: 'nofile', Soft: 2000, Hard: 9000 }];
  expect(spec({ hostConfig: { Ulimits } }).process.rlimits).toEqual([{ type: 'RLIMIT_NOFILE', soft: 2000, hard: 4096 }]);
});

describe('mounts of the user', () => {
  const bind = (Destination: string, RW = true) => ({
    Type: 'bind' as const,
    Source: '/src',
    Destination,
    Mode: '',
    RW,
    Propagation: 'rprivate',
  });

  test('are recursive, private, and read-only when asked', () => {
    expect(mountAt({ record: { Mounts: [bind('/data', false)] } }, '/data')).toEqual({
      destination: '/data',
      type: 'none',
      source: '/src',
      options: ['rbind', 'rprivate', 'ro'],
    });
  });

  test('come by depth, whatever their order', () => {
    const Mounts = [bind('/a/b/c'), bind('/a'), bind('/a/b')];
    expect(destinations({ record: { Mounts } }).slice(7)).toEqual([
      '/a',
      '/a/b',
      '/etc/resolv.conf',
      '/etc/hostname',
      '/etc/hosts',
      '/a/b/c',
    ]);
  });

  test('take the place of a default and of our files', () => {
    const change = { record: { Mounts: [bind('/etc/hosts'), bind('/dev/shm')] } };
    expect(destinations(change).filter((path) => path === '/etc/hosts' || path === '/dev/shm')).toEqual(['/dev/shm', '/etc/hosts']);
    expect(mountAt(change, '/etc/hosts')?.source).toBe('/src');
    expect(mountAt(change, '/dev/shm')?.source).toBe('/src');
  });

  test('on /dev drop what would be mounted below it', () => {
    expect(destinations({ record: { Mounts: [bind('/dev')] } }).filter((path) => path.startsWith('/dev'))).toEqual(['/dev']);
  });

  test('on a tmpfs have safe options unless undone', () => {
    const Tmpfs = { '/run': 'size=1m,exec', '/tmp': '' };
    expect(mountAt({ hostConfig: { Tmpfs } }, '/run')?.options).toEqual(['nosuid', 'nodev', 'size=1m', 'exec']);
    expect(mountAt({ hostConfig: { Tmpfs } }, '/tmp')?.options).toEqual(['noexec', 'nosuid', 'nodev']);
  });

  test('by --mount type=tmpfs carry size and mode', () => {
    const Mounts = [{ Type: 'tmpfs' as const, Target: '/t', ReadOnly: true, TmpfsOptions: { SizeBytes: 4096, Mode: 0o1777 } }];
    expect(mountAt({ hostConfig: { Mounts } }, '/t')?.options).toEqual(['noexec', 'nosuid', 'nodev', 'size=4096', 'mode=1777', 'ro']);
  });

  test('of devices are binds, read-only where w is not asked for', () => {
    const Devices = [{ PathOnHost: '/dev/kvm', PathInContainer: '/dev/vm', CgroupPermissions: 'r' }];
    expect(mountAt({ hostConfig: { Devices } }, '/dev/vm')).toEqual({
      destination: '/dev/vm',
      type: 'none',
      source: '/dev/kvm',
      options: ['bind', 'rprivate', 'nosuid', 'noexec', 'ro'],
    });
  });

  test('--shm-size sizes /dev/shm', () => {
    expect(mountAt({ hostConfig: { ShmSize: 1024 } }, '/dev/shm')?.options).toContain('size=1024');
  });
});

describe('inside a sandbox that forbids something', () => {
  const free = { canSetHostname: true, canSetSysctls: true };
  const kinds = (change: Change): string[] => spec(change).linux.namespaces.map(({ type }) => type);

  test('without a pid namespace the container shows the /proc that there is, and joins the UTS namespace that marks it', () => {
    const shared: Change = { input: { sandbox: free, sharing: { pid: 'ours', uts: { path: '/proc/7/fd/9' } } } };
    expect(kinds(shared)).not.toContain('pid');
    expect(spec(shared).linux.namespaces).toContainEqual({ type: 'uts', path: '/proc/7/fd/9' });
    expect(spec(shared).mounts[0]).toEqual({
      destination: '/proc',
      type: 'none',
      source: '/proc',
      options: ['rbind', 'rslave', 'nosuid', 'noexec', 'nodev'],
    });
    expect(kinds({ input: { sandbox: free } })).toContain('pid');
  });

  test('what may not be set is not asked of the runtime', () => {
    const bound = spec({ config: { Domainname: 'example' }, input: { sandbox: { canSetHostname: false, canSetSysctls: false } } });
    expect([bound.hostname, bound.domainname, bound.linux.sysctl]).toEqual([undefined, undefined, undefined]);
    const whole = spec({ config: { Domainname: 'example' }, input: { sandbox: free } });
    expect([whole.hostname, whole.domainname, Object.keys(whole.linux.sysctl ?? {}).length]).toEqual(['box', 'example', 2]);
  });
});
