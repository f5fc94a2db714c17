import { limitFiles, placeOf } from '../../../src/runtime/live-limits.ts';
import type { HostConfig } from '../../../src/storage/records.ts';

const none = { Memory: 0, MemorySwap: 0, NanoCpus: 0, PidsLimit: null } as HostConfig;
const all = { controllers: ['memory', 'cpu', 'cpuset', 'pids', 'io'], files: ['memory.swap.max', 'io.weight'] };
const files = (config: Partial<HostConfig>, facts = all) => Object.fromEntries(limitFiles({ ...none, ...config }, facts));

test('without limits every file has the value that the kernel gives a new cgroup', () => {
  expect(files({})).toEqual({
    'memory.max': 'max',
    'memory.swap.max': 'max',
    'memory.low': '0',
    'cpu.max': 'max 100000',
    'cpu.weight': '100',
    'cpuset.cpus': '\n',
    'cpuset.mems': '\n',
    'pids.max': 'max',
    'io.weight': '100',
  });
});

test('limits become what the kernel counts in: swap without the memory, quota and period in one file, weights for shares', () => {
  const config = { Memory: 100, MemorySwap: 150, MemoryReservation: 40, NanoCpus: 5e8, CpuShares: 1024, CpusetCpus: '0', PidsLimit: 7 };
  expect(files({ ...config, BlkioWeight: 1000 })).toEqual({
    'memory.max': '100',
    'memory.swap.max': '50',
    'memory.low': '40',
    'cpu.max': '50000 100000',
    'cpu.weight': '39',
    'cpuset.cpus': '0',
    'cpuset.mems': '\n',
    'pids.max': '7',
    'io.weight': '10000',
  });
});

test('unlimited swap is no limit, and a quota of -1 neither', () => {
  expect(files({ Memory: 100, MemorySwap: -1 })['memory.swap.max']).toBe('max');
  expect(files({ CpuQuota: -1, CpuPeriod: 5000 })['cpu.max']).toBe('max 5000');
});

test('bfq takes its weight as it is, and comes before the general one', () => {
  const facts = { controllers: ['io'], files: ['io.weight', 'io.bfq.weight'] };
  expect(files({ BlkioWeight: 200 }, facts)).toEqual({ 'io.bfq.weight': '200' });
});

test('what no controller holds has no file', () => {
  expect(files({ Memory: 100, PidsLimit: 7 }, { controllers: ['pids'], files: [] })).toEqual({ 'pids.max': '7' });
});

test('a container without a cgroup of its own is said to have none', () => {
  expect(placeOf('')).toEqual({ step: 'disabled', reason: 'the container has no cgroup of its own', controllers: [], files: [] });
});
