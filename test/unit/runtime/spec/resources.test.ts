import { resources, unenforcedLimits } from '../../../../src/runtime/spec/resources.ts';
import type { HostConfig } from '../../../../src/storage/records.ts';

describe('limits', () => {
  const config = { Memory: 64, MemorySwap: 128, NanoCpus: 500_000_000, PidsLimit: 10 } as HostConfig;

  test('go to the controllers that are there', () => {
    expect(resources(config, { controllers: ['memory', 'cpu', 'pids'] })).toEqual({
      memory: { limit: 64, swap: 128 },
      cpu: { quota: 50_000, period: 100_000 },
      pids: { limit: 10 },
    });
    expect(resources(config, { controllers: ['pids'] })).toEqual({ pids: { limit: 10 } });
  });

  test('that no controller can hold are named', () => {
    expect(unenforcedLimits(config, { controllers: ['pids'] })).toEqual(['--memory', '--cpus']);
    expect(unenforcedLimits({ ...config, Memory: 0, NanoCpus: 0 }, { controllers: [] })).toEqual(['--pids-limit']);
  });
});
