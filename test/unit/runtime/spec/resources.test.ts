import { resources, unenforced } from '../../../../src/runtime/spec/resources.ts';
import type { HostConfig } from '../../../../src/storage/records.ts';

const none = { Memory: 0, MemorySwap: 0, NanoCpus: 0, PidsLimit: null } as HostConfig;
const all = {
  controllers: ['memory', 'cpu', 'pids', 'io', 'cpuset'],
  files: ['memory.swap.max', 'io.weight', 'io.bfq.weight'],
  device: (path: string) => (path === '/dev/sda' ? { major: 8, minor: 0 } : undefined),
};
const nothing = { controllers: [], files: [] };

test('a container without limits asks for none', () => {
  expect(resources(none, all)).toEqual({});
  expect(unenforced(none, nothing)).toEqual([]);
});

test('each limit goes to the field of the runtime that stands for it', () => {
  const config: HostConfig = {
    ...none,
    Memory: 64,
    MemorySwap: 100,
    MemoryReservation: 32,
    CpuPeriod: 50_000,
    CpuQuota: 20_000,
    CpuShares: 512,
    CpusetCpus: '0-1',
    CpusetMems: '0',
    PidsLimit: 10,
    BlkioWeight: 300,
    BlkioWeightDevice: [{ Path: '/dev/sda', Weight: 200 }],
    BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1 }],
    BlkioDeviceWriteBps: [{ Path: '/dev/sda', Rate: 2 }],
    BlkioDeviceReadIOps: [{ Path: '/dev/sda', Rate: 3 }],
    BlkioDeviceWriteIOps: [
      { Path: '/dev/sda', Rate: 4 },
      { Path: '/dev/gone', Rate: 5 },
    ],
  };
  expect(resources(config, all)).toEqual({
    memory: { limit: 64, swap: 100, reservation: 32 },
    cpu: { period: 50_000, quota: 20_000, shares: 512, cpus: '0-1', mems: '0' },
    pids: { limit: 10 },
    blockIO: {
      weight: 300,
      weightDevice: [{ major: 8, minor: 0, weight: 200 }],
      throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }],
      throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 2 }],
      throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 3 }],
      throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 4 }],
    },
  });
});

test('a number of CPUs is a quota of the usual period', () => {
  expect(resources({ ...none, NanoCpus: 1_500_000_000 }, all)).toEqual({ cpu: { quota: 150_000, period: 100_000 } });
});

test('CPU shares are kept in the range that the runtime can turn into a weight', () => {
  expect(resources({ ...none, CpuShares: 1 }, all)).toEqual({ cpu: { shares: 2 } });
  expect(resources({ ...none, CpuShares: 1e9 }, all)).toEqual({ cpu: { shares: 262_144 } });
});

test('limits go to the controllers that are there, the others are named with what they need', () => {
  const config = { ...none, Memory: 64, MemorySwap: 128, NanoCpus: 500_000_000, PidsLimit: 10, CpusetCpus: '0', BlkioWeight: 100 };
  const facts = { ...all, controllers: ['pids'] };
  expect(resources(config, facts)).toEqual({ pids: { limit: 10 } });
  expect(unenforced(config, facts)).toEqual([
    { flag: '--memory', needs: 'memory' },
    { flag: '--cpus', needs: 'cpu' },
    { flag: '--cpuset-cpus', needs: 'cpuset' },
    { flag: '--blkio-weight', needs: 'io' },
  ]);
});

test('a file that this kernel lacks is named, when somebody asked for what it holds', () => {
  const facts = { ...all, files: [] };
  const config = { ...none, Memory: 64, MemorySwap: 100, BlkioWeight: 100, BlkioWeightDevice: [{ Path: '/dev/sda', Weight: 100 }] };
  expect(resources(config, facts)).toEqual({ memory: { limit: 64 } });
  expect(unenforced(config, facts)).toEqual([
    { flag: '--memory-swap', needs: 'memory.swap.max' },
    { flag: '--blkio-weight', needs: 'io.weight' },
    { flag: '--blkio-weight-device', needs: 'io.bfq.weight' },
  ]);
  expect(unenforced({ ...none, Memory: 64, MemorySwap: 128 }, facts)).toEqual([]);
});
