import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerFlags, containerOptions } from '../../../src/cli/container-options.ts';
import { parseLine } from '../../../src/cli/parse.ts';
import Run from '../../../src/commands/run.ts';
import type { Ctx } from '../../../src/sys/context.ts';

const cwd = mkdtempSync(join(tmpdir(), 'skiff-options-'));
afterAll(() => rmSync(cwd, { recursive: true }));

const ctx: Ctx = {
  paths: { data: '/nowhere', run: '/nowhere' },
  env: { HERE: 'value' },
  warn: () => undefined,
  now: () => new Date(0),
};

/** The create request of `skiff run WORDS`. */
function request(...words: string[]) {
  const { flags, args } = parseLine(Run, words);
  return containerOptions({ ctx, flags: flags as ContainerFlags & Record<string, unknown>, args, cwd, detach: flags.detach === true });
}
const config = (...words: string[]) => request(...words, 'image').Config;
const hostConfig = (...words: string[]) => request(...words, 'image').HostConfig;

test('no flags: attached output, no command of our own', () => {
  expect(request('image')).toEqual({
    Config: {
      Image: 'image',
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      StdinOnce: false,
      Tty: false,
      OpenStdin: false,
      Env: [],
      Labels: {},
    },
    HostConfig: {
      Binds: null,
      ContainerIDFile: '',
      LogConfig: { Type: 'json-file', Config: {} },
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
      ShmSize: 0,
    },
    Extras: {},
  });
});

test('what follows the image is the command, flags too', () => {
  expect(request('--rm', 'image', 'sh', '--rm', '-c', 'x').Config.Cmd).toEqual(['sh', '--rm', '-c', 'x']);
});

test.each([
  [['-it'], { AttachStdin: true, AttachStdout: true, AttachStderr: true, StdinOnce: true, OpenStdin: true, Tty: true }],
  [['-dit'], { AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false, OpenStdin: true, Tty: true }],
  [['-a', 'STDOUT'], { AttachStdin: false, AttachStdout: true, AttachStderr: false }],
  [['-a', 'stdin', '-a', 'stderr', '-i'], { AttachStdin: true, AttachStdout: false, AttachStderr: true, StdinOnce: true }],
])('streams of %j', (words, expected) => {
  expect(config(...words)).toMatchObject(expected);
});

test.each([
  [['-w', '/w', '-u', 'app:1', '-h', 'box', '--domainname', 'd'], { WorkingDir: '/w', User: 'app:1', Hostname: 'box', Domainname: 'd' }],
  [['--entrypoint', '/e'], { Entrypoint: ['/e'] }],
  [['--entrypoint', ''], { Entrypoint: [''] }],
  [['--stop-signal', 'INT', '--stop-timeout', '3'], { StopSignal: 'INT', StopTimeout: 3 }],
  [['--no-healthcheck'], { Healthcheck: { Test: ['NONE'] } }],
  [['-e', 'A=1', '-e', 'HERE', '-e', 'GONE', '-e', 'A=2'], { Env: ['A=2', 'HERE=value', 'GONE'] }],
  [['-l', 'a=1', '-l', 'b', '-l', 'c=x=y'], { Labels: { a: '1', b: '', c: 'x=y' } }],
  [['--expose', '90/udp', '-p', '80'], { ExposedPorts: { '80/tcp': {}, '90/udp': {} } }],
  [['-v', '/data'], { Volumes: { '/data': {} } }],
])('%j', (words, expected) => {
  expect(config(...words)).toMatchObject(expected);
});

test.each([
  [['-v', '/a:/b', '-v', 'name:/c:ro'], { Binds: ['/a:/b', 'name:/c:ro'] }],
  [['-v', './x:/b'], { Binds: [`${cwd}/x:/b`] }],
  [['-v', '../x:/b:ro'], { Binds: [`${join(cwd, '../x')}:/b:ro`] }],
  [['-v', '.:/b'], { Binds: [`${cwd}:/b`] }],
  [['--mount', 'type=bind,src=./x,dst=/b'], { Mounts: [{ Type: 'bind', Source: `${cwd}/x`, Target: '/b' }] }],
  [['--tmpfs', '/t', '--tmpfs', '/u:size=1m'], { Tmpfs: { '/t': '', '/u': 'size=1m' } }],
  [['--network', 'none'], { NetworkMode: 'none' }],
  [['--net=host'], { NetworkMode: 'host' }],
  [['-p8080:80', '-P'], { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] }, PublishAllPorts: true }],
  [['--restart', 'on-failure:3'], { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } }],
  [['--restart=unless-stopped'], { RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 } }],
  [['--cap-add', 'NET_ADMIN', '--cap-drop', 'ALL'], { CapAdd: ['NET_ADMIN'], CapDrop: ['ALL'] }],
  [
    ['-m', '64m', '--cpus', '.5', '--pids-limit', '7', '--memory-swap', '-1'],
    { Memory: 67108864, NanoCpus: 5e8, PidsLimit: 7, MemorySwap: -1 },
  ],
  [['--shm-size', '1g', '--init', '--privileged', '--read-only'], { ShmSize: 2 ** 30, Init: true, Privileged: true, ReadonlyRootfs: true }],
  [
    ['--add-host', 'a:1.2.3.4', '--add-host', 'b=[::1]', '--add-host', 'c:host-gateway'],
    { ExtraHosts: ['a:1.2.3.4', 'b:::1', 'c:host-gateway'] },
  ],
  [
    ['--dns', '1.1.1.1', '--dns-search', 'a.b', '--dns-option', 'ndots:2'],
    { Dns: ['1.1.1.1'], DnsSearch: ['a.b'], DnsOptions: ['ndots:2'] },
  ],
  [['--log-driver', 'none'], { LogConfig: { Type: 'none', Config: {} } }],
  [
    ['--log-opt', 'max-size=1m', '--log-opt', 'max-file=2'],
    { LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } } },
  ],
  [
    ['--ulimit', 'nofile=1:2', '--ulimit', 'core=-1'],
    {
      Ulimits: [
        { Name: 'nofile', Soft: 1, Hard: 2 },
        { Name: 'core', Soft: -1, Hard: -1 },
      ],
    },
  ],
  [['--device', '/dev/a:/dev/b:r'], { Devices: [{ PathOnHost: '/dev/a', PathInContainer: '/dev/b', CgroupPermissions: 'r' }] }],
  [['--device', '/dev/a'], { Devices: [{ PathOnHost: '/dev/a', PathInContainer: '/dev/a', CgroupPermissions: 'rwm' }] }],
  [['--storage-driver', 'copy', '--runtime', 'runc'], { StorageDriver: 'copy', Runtime: 'runc' }],
  [
    ['--security-opt', 'no-new-privileges', '--security-opt', 'seccomp:unconfined'],
    { SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'] },
  ],
  [['--cidfile', 'cid'], { ContainerIDFile: `${cwd}/cid` }],
])('%j', (words, expected) => {
  expect(hostConfig(...words)).toMatchObject(expected);
});

test('a seccomp profile travels by its text', () => {
  writeFileSync(join(cwd, 'profile.json'), '{"defaultAction":"SCMP_ACT_ALLOW"}');
  expect(hostConfig('--security-opt', 'seccomp=profile.json').SecurityOpt).toEqual(['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']);
});

test('files of variables and labels come before the flags', () => {
  writeFileSync(join(cwd, 'env'), 'A=file\nB=file\nHERE\nGONE\n');
  writeFileSync(join(cwd, 'labels'), 'a=file\nb=file\n');
  expect(config('-e', 'A=flag', '--env-file', 'env').Env).toEqual(['A=flag', 'B=file', 'HERE=value']);
  expect(config('-l', 'a=flag', '--label-file', 'labels').Labels).toEqual({ a: 'flag', b: 'file' });
});

test.each([
  [['-d', '-a', 'stdout'], 'Conflicting options: cannot specify both --attach and --detach'],
  [['--restart', 'on-failure:x'], 'Invalid restart policy format: maximum retry count must be an integer'],
  [['--restart', 'on-failure:1:2'], 'Invalid restart policy format'],
  [['--security-opt', 'foo'], 'Invalid --security-opt: "foo"'],
  [['--security-opt', 'seccomp=nofile'], 'Opening seccomp profile (nofile) failed: open nofile: no such file or directory'],
  [['-e', '=x'], 'invalid argument "=x" for "-e, --env" flag: invalid environment variable: =x'],
  [['-l', '=x'], 'invalid argument "=x" for "-l, --label" flag: invalid label \'=x\': empty name'],
  [['-a', 'foo'], 'invalid argument "foo" for "-a, --attach" flag: valid streams are STDIN, STDOUT and STDERR'],
  [['-m', '1z'], 'invalid argument "1z" for "-m, --memory" flag: invalid suffix: \'z\''],
  [['--cpus', 'x'], 'invalid argument "x" for "--cpus" flag: failed to parse x as a rational number'],
  [['--add-host', 'foo'], 'invalid argument "foo" for "--add-host" flag: bad format for add-host: "foo"'],
  [['--add-host', 'foo:bar'], 'invalid argument "foo:bar" for "--add-host" flag: invalid IP address in add-host: "bar"'],
  [['--dns', 'foo'], 'invalid argument "foo" for "--dns" flag: IP address is not correctly formatted: foo'],
  [['--ulimit', 'foo'], 'invalid argument "foo" for "--ulimit" flag: invalid ulimit argument: foo'],
  [['--ulimit', 'foo=1'], 'invalid argument "foo=1" for "--ulimit" flag: invalid ulimit type: foo'],
  [
    ['--ulimit', 'nofile=2:1'],
    'invalid argument "nofile=2:1" for "--ulimit" flag: ulimit soft limit must be less than or equal to hard limit: 2 > 1',
  ],
  [['--mount', 'type=foo'], 'invalid argument "type=foo" for "--mount" flag: target is required'],
  [
    ['--pull', 'foo'],
    'invalid argument "foo" for "--pull" flag: invalid pull option: \'foo\': must be one of "always", "missing" or "never"',
  ],
  [
    ['--platform', 'a/b/c/d'],
    'invalid argument "a/b/c/d" for "--platform" flag: "a/b/c/d": cannot parse platform specifier: invalid argument',
  ],
  [['--mac-address', '02:42::'], 'invalid argument "02:42::" for "--mac-address" flag: 02:42:: is not a valid mac address'],
  [['--ip', 'fd00::1'], 'invalid argument "fd00::1" for "--ip" flag: invalid IPv4 address: fd00::1'],
  [['--ip6', '10.0.0.1'], 'invalid argument "10.0.0.1" for "--ip6" flag: invalid IPv6 address: 10.0.0.1'],
  [['--network', 'name=a,x=1'], 'invalid argument "name=a,x=1" for "--network" flag: invalid field key x'],
  [
    ['--network', 'name=a,alias=b', '--network-alias', 'c'],
    'Conflicting options: cannot specify both --network-alias and per-network alias',
  ],
  [['--network', 'name=a,ip=10.0.0.1', '--ip', '10.0.0.2'], 'Conflicting options: cannot specify both --ip and per-network IPv4 address'],
  [['--network', 'name=a,ip6=fd00::1', '--ip6', 'fd00::2'], 'Conflicting options: cannot specify both --ip6 and per-network IPv6 address'],
  [
    ['--network', 'name=a,mac-address=02:00:00:00:00:01', '--mac-address', '02:00:00:00:00:02'],
    'Conflicting options: cannot specify both --mac-address and per-network MAC address',
  ],
  [
    ['--network', 'name=a,link-local-ip=fe80::5', '--link-local-ip', 'fe80::6'],
    'Conflicting options: cannot specify both --link-local-ip and per-network link-local IP addresses',
  ],
  [['--device', 'kvm'], 'invalid argument "kvm" for "--device" flag: bad device specification: kvm'],
  [['--env-file', '/nowhere'], 'Open /nowhere: no such file or directory'],
  [['-p', 'a:80'], 'Invalid hostPort: a'],
  [['--nosuch'], 'unknown flag: --nosuch'],
])('%j is refused', (words, message) => {
  expect(() => request(...words, 'image')).toThrow(expect.objectContaining({ message, exitCode: 125 }));
});

test('what is asked for of networks goes with the first of them; one network without more is the mode', () => {
  const plain = { aliases: [], linkLocalIps: [], driverOpts: {} };
  expect(request('image').Networks).toBeUndefined();
  expect(request('--network', 'mine', 'image')).toMatchObject({ HostConfig: { NetworkMode: 'mine' } });
  expect(request('--network', 'mine', 'image').Networks).toBeUndefined();
  expect(request('--mac-address', '02:00:00:00:00:01', 'image').Networks).toEqual([
    { target: 'bridge', ...plain, mac: '02:00:00:00:00:01' },
  ]);
  const words = ['--network', 'one', '--ip', '10.0.0.2', '--ip6', 'fd00::2', '--network-alias', 'a', '--net', 'name=two,alias=b'];
  expect(request(...words, '--network-alias', 'c', '--link-local-ip', 'fe80::5', 'image').Networks).toEqual([
    { target: 'one', ...plain, ip: '10.0.0.2', ip6: 'fd00::2', aliases: ['a', 'c'], linkLocalIps: ['fe80::5'] },
    { target: 'two', ...plain, aliases: ['b'] },
  ]);
});

test.each([
  [
    ['--kernel-memory', '10m'],
    'invalid argument "10m" for "--kernel-memory" flag: not possible: cgroup v2 counts kernel memory with --memory',
  ],
  [
    ['--oom-kill-disable'],
    'invalid argument "true" for "--oom-kill-disable" flag: not possible: cgroup v2 always ends a program when memory runs out',
  ],
])('%j, which Docker has, is refused with the reason', (words, message) => {
  expect(() => request(...words, 'image')).toThrow(expect.objectContaining({ message, exitCode: 125 }));
});

test('an ID file that is there is refused before anything is pulled', () => {
  writeFileSync(join(cwd, 'taken'), '');
  expect(() => hostConfig('--cidfile', 'taken')).toThrow("Container ID file found, make sure the other container isn't running");
});

test('maps are read pair by pair, the last one of a name winning; an annotation may lack its value', () => {
  const words = ['--annotation', 'a=1', '--annotation', 'b', '--annotation', 'a=2=3', '--sysctl', 'net.x=1', '--group-add', 'tty'];
  expect(hostConfig(...words, '--oom-score-adj', '7')).toMatchObject({
    Annotations: { a: '2=3', b: '' },
    Sysctls: { 'net.x': '1' },
    GroupAdd: ['tty'],
    OomScoreAdj: 7,
  });
});

test.each([
  [['--sysctl', 'net.x'], "sysctl 'net.x' must be written as name=value"],
  [['--sysctl', '=1'], "sysctl '=1' must be written as name=value"],
  [['--annotation', '=1'], "invalid annotation '=1': the empty string is not permitted as an annotation key"],
  [['--oom-score-adj', 'much'], 'must be an integer'],
])('%j is refused', (words, message) => {
  expect(() => request(...words, 'image')).toThrow(message);
});
