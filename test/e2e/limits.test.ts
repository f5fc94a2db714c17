// Limits as they are asked for, refused and shown. Whether they hold is for the machine with delegated controllers to show (test/vm).
import { availableParallelism } from 'node:os';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const inspected = async (name: string, fields: string[]): Promise<Record<string, unknown>> => {
  const [{ HostConfig }] = JSON.parse(await box.ok(['inspect', name]));
  return Object.fromEntries(fields.map((field) => [field, HostConfig[field]]));
};

test('inspect shows every limit that create was given, in the words of Docker', async () => {
  const flags = [
    ...['--memory', '64m', '--memory-swap', '100m', '--memory-reservation', '32m', '--pids-limit', '30'],
    ...['--cpu-period', '50000', '--cpu-quota', '20000', '-c', '512', '--cpuset-cpus', '0', '--cpuset-mems', '0', '--blkio-weight', '300'],
  ];
  await box.ok(['create', '--name', 'limited', ...flags, busybox, 'true']);
  const expected = {
    Memory: 67_108_864,
    MemorySwap: 104_857_600,
    MemoryReservation: 33_554_432,
    MemorySwappiness: null,
    PidsLimit: 30,
    NanoCpus: 0,
    CpuPeriod: 50_000,
    CpuQuota: 20_000,
    CpuShares: 512,
    CpusetCpus: '0',
    CpusetMems: '0',
    BlkioWeight: 300,
    BlkioWeightDevice: [],
    BlkioDeviceReadBps: [],
    OomKillDisable: null,
    CgroupParent: '',
  };
  expect(await inspected('limited', Object.keys(expected))).toEqual(expected);
  expect(await box.ok(['inspect', '--format', '{{.HostConfig.CpuShares}} {{.HostConfig.CpusetCpus}}', 'limited'])).toBe('512 0');
  await box.ok(['rm', 'limited']);
});

test('swappiness, which cgroup v2 does not have, is discarded with the warning that Docker gives', async () => {
  const { stderr, code } = await box.skiff(['create', '--name', 'swapper', '--memory-swappiness', '10', busybox, 'true']);
  expect({ stderr, code }).toEqual({
    stderr:
      'skiff: warning: Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.\n',
    code: 0,
  });
  expect(await inspected('swapper', ['MemorySwappiness'])).toEqual({ MemorySwappiness: null });
  await box.ok(['rm', 'swapper']);
});

const cpus = availableParallelism();
test.each([
  [['--memory', '5m'], 'Minimum memory limit allowed is 6MB'],
  [['--memory', 'much'], `invalid argument "much" for "-m, --memory" flag: invalid size: 'much'`],
  [['--memory-swap', '100m'], 'You should always set the Memory limit when using Memoryswap limit'],
  [['--memory', '64m', '--memory-swap', '32m'], 'Minimum memoryswap limit should be larger than memory limit'],
  [['--memory', '64m', '--memory-reservation', '65m'], 'Minimum memory limit can not be less than memory reservation limit'],
  [['--memory-swappiness', '101'], 'Invalid value: 101. Valid memory swappiness range is 0-100'],
  [['--cpus', '1', '--cpu-period', '1000'], 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
  [['--cpus', '1', '--cpu-quota', '1000'], 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
  [['--cpus', '999'], `Range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`],
  [['--cpu-period', '1'], 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [['--cpu-quota', '1'], 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  [['--cpu-shares', '-3'], 'Invalid CPU shares: -3'],
  [['--cpuset-cpus', 'all'], 'Invalid value all for cpuset cpus: invalid format: all'],
  [['--cpuset-cpus', '0-9999'], /^Requested CPUs are not available - requested 0-9999, available: [\d,-]+$/],
  [['--cpuset-mems', '77'], /^Requested memory nodes are not available - requested 77, available: [\d,-]+$/],
  [['--blkio-weight', '9'], 'Range of blkio weight is from 10 to 1000'],
  [
    ['--blkio-weight-device', '/dev/null:5'],
    'invalid argument "/dev/null:5" for "--blkio-weight-device" flag: invalid weight for device: /dev/null:5',
  ],
  [['--device-read-bps', 'null:1'], 'invalid argument "null:1" for "--device-read-bps" flag: bad format for device path: null:1'],
  [['--device-write-bps', '/dev/null:1mb'], 'Cannot limit the device "/dev/null": there is no such block device'],
  [['--device-read-iops', '/dev/none:1'], 'Cannot limit the device "/dev/none": there is no such block device'],
  [['--cgroup-parent', 'no-such-cgroup'], /cgroup.*no-such-cgroup/i],
  [['--kernel-memory', '10m'], /--kernel-memory" flag: not possible: cgroup v2 counts kernel memory with --memory$/],
  [['--cpu-rt-runtime', '1'], /--cpu-rt-runtime" flag: not possible: .*root$/],
  [['--oom-kill-disable'], /--oom-kill-disable" flag: not possible: cgroup v2 always ends a program when memory runs out$/],
  [['--device-cgroup-rule', 'c 1:3 r'], /--device-cgroup-rule" flag: not possible without root: a device is given with --device/],
])('create %j is refused with one sentence, and nothing is made', async (flags, message) => {
  const { stdout, stderr, code } = await box.skiff(['create', ...flags, busybox, 'true']);
  const [first = ''] = stderr.split('\n');
  const expected =
    typeof message === 'string'
      ? `skiff: ${message}`
      : expect.stringMatching(new RegExp(message.source.replace('^', '^skiff: '), message.flags));
  expect({ stdout, first, code }).toEqual({ stdout: '', first: expected, code: 125 });
  expect(await box.ok(['ps', '-aq'])).toBe('');
});
