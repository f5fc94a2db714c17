import { availableParallelism } from 'node:os';
import { completeHostConfig } from '../../../../src/engine/create/host-config.ts';
import type { HostConfig } from '../../../../src/storage/records.ts';

test('what is not asked for has Docker’s default', () => {
  expect(completeHostConfig({})).toEqual({
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
  });
});

test('memory alone doubles as swap, as with Docker', () => {
  expect(completeHostConfig({ Memory: 2 ** 23 })).toMatchObject({ Memory: 2 ** 23, MemorySwap: 2 ** 24 });
  expect(completeHostConfig({ Memory: 2 ** 23, MemorySwap: -1 }).MemorySwap).toBe(-1);
});

test('capabilities are kept in the kernel’s spelling, pids without limit as null', () => {
  expect(completeHostConfig({ CapAdd: ['net_raw'], CapDrop: ['all'], PidsLimit: -1 })).toMatchObject({
    CapAdd: ['CAP_NET_RAW'],
    CapDrop: ['ALL'],
    PidsLimit: null,
  });
});

const restart = (Name: string, MaximumRetryCount = 0) => ({ RestartPolicy: { Name, MaximumRetryCount } }) as Partial<HostConfig>;
const log = (Type: string, Config: Record<string, string> = {}) => ({ LogConfig: { Type, Config } });

test.each<[Partial<HostConfig>, string]>([
  [restart('foo'), "Invalid restart policy: unknown policy 'foo'"],
  [restart('always', 3), "Invalid restart policy: maximum retry count can only be used with 'on-failure'"],
  [restart('on-failure', -1), 'Invalid restart policy: maximum retry count cannot be negative'],
  [{ ...restart('always'), AutoRemove: true }, 'Conflicting options: cannot specify both --restart and --rm'],
  [log('syslog'), "Logger: no log driver named 'syslog' is registered"],
  [log('json-file', { colour: 'x' }), "Unknown log opt 'colour' for json-file log driver"],
  [log('none', { 'max-size': '1m' }), "Unknown log opt 'max-size' for none log driver"],
  [log('json-file', { 'max-file': '0' }), 'Max-file cannot be less than 1'],
  [log('json-file', { 'max-size': 'x' }), "Invalid value for max-size: invalid size: 'x'"],
  [{ Memory: 1024 }, 'Minimum memory limit allowed is 6MB'],
  [{ MemorySwap: 1024 }, 'You should always set the Memory limit when using Memoryswap limit'],
  [{ Memory: 2 ** 24, MemorySwap: 2 ** 23 }, 'Minimum memoryswap limit should be larger than memory limit'],
  [
    { NanoCpus: 1e15 },
    `Range of CPUs is from 0.01 to ${availableParallelism()}.00, as there are only ${availableParallelism()} CPUs available`,
  ],
  [{ MemorySwap: -2 }, 'Invalid memory swap limit: -2'],
  [{ MemoryReservation: 1024 }, 'Minimum memory reservation allowed is 6MB'],
  [{ Memory: 2 ** 23, MemoryReservation: 2 ** 24 }, 'Minimum memory limit can not be less than memory reservation limit'],
  [{ MemorySwappiness: 101 }, 'Invalid value: 101. Valid memory swappiness range is 0-100'],
  [{ NanoCpus: 1e9, CpuPeriod: 1000 }, 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
  [{ NanoCpus: 1e9, CpuQuota: 1000 }, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
  [{ CpuPeriod: 999 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [{ CpuQuota: 999 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  [{ CpuShares: -1 }, 'Invalid CPU shares: -1'],
  [{ CpusetCpus: '1-0' }, 'Invalid value 1-0 for cpuset cpus: invalid format: 1-0'],
  [{ CpusetMems: 'x' }, 'Invalid value x for cpuset mems: invalid format: x'],
  [{ BlkioWeight: 9 }, 'Range of blkio weight is from 10 to 1000'],
  [{ BlkioDeviceReadBps: [{ Path: '/dev/null', Rate: 1 }] }, 'Cannot limit the device "/dev/null": there is no such block device'],
  [{ CapAdd: ['FOO'] }, 'Invalid capability: unknown capability "FOO"'],
  [{ SecurityOpt: ['seccomp={'] }, 'Decoding the seccomp profile failed: it is not JSON'],
  [{ SecurityOpt: ['foo=bar'] }, 'Invalid --security-opt: "foo=bar"'],
  [{ SecurityOpt: ['no-new-privileges=maybe'] }, 'Invalid --security-opt: "no-new-privileges=maybe"'],
  [{ SecurityOpt: ['label=type:x'] }, 'Cannot set SELinux labels ("label=type:x")'],
])('%j is refused', (given, message) => {
  expect(() => completeHostConfig(given)).toThrow(expect.objectContaining({ message, exitCode: 125 }));
});

test.each([
  'seccomp=unconfined',
  'no-new-privileges',
  'no-new-privileges:true',
  'label=disable',
  'apparmor=unconfined',
  'systempaths=unconfined',
])('the security option %s is taken', (option) => {
  expect(completeHostConfig({ SecurityOpt: [option] }).SecurityOpt).toEqual([option]);
});

test.each(['no', 'always', 'on-failure', 'unless-stopped'])('the restart policy %s is taken', (name) => {
  expect(completeHostConfig(restart(name)).RestartPolicy.Name).toBe(name);
});
