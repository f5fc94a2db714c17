// The flags that limit what a container takes of the machine, with Docker's names, letters and help; `update` changes the first part of
// them. What a limit must be is the engine's to say (engine/create/limits.ts).
import { parseByteRate, parseOperationRate, parseWeightDevice } from '../engine/create/device-limit-spec.ts';
import type { HostConfig } from '../engine/create/options.ts';
import { parseBytes, parseCpus } from '../engine/create/sizes.ts';
import { type FlagValues, flag, type ListFlag } from './flag.ts';

const bytes = (spec: { char?: string; description: string }) => flag.custom({ helpValue: 'bytes', ...spec, parse: parseBytes });

/** What `update` changes too. */
export const changeableLimitFlags = {
  'blkio-weight': flag.integer({
    helpValue: 'uint16',
    description: 'Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)',
  }),
  'cpu-period': flag.integer({ description: 'Limit CPU CFS (Completely Fair Scheduler) period' }),
  'cpu-quota': flag.integer({ description: 'Limit CPU CFS (Completely Fair Scheduler) quota' }),
  'cpu-shares': flag.integer({ char: 'c', description: 'CPU shares (relative weight)' }),
  cpus: flag.custom({ helpValue: 'decimal', description: 'Number of CPUs', parse: parseCpus }),
  'cpuset-cpus': flag.string({ description: 'CPUs in which to allow execution (0-3, 0,1)' }),
  'cpuset-mems': flag.string({ description: 'MEMs in which to allow execution (0-3, 0,1)' }),
  memory: bytes({ char: 'm', description: 'Memory limit' }),
  'memory-reservation': bytes({ description: 'Memory soft limit' }),
  'memory-swap': flag.custom({
    helpValue: 'bytes',
    description: "Swap limit equal to memory plus swap: '-1' to enable unlimited swap",
    parse: (text) => (text === '-1' ? -1 : parseBytes(text)),
  }),
  'pids-limit': flag.integer({ description: 'Tune container pids limit (set -1 for unlimited)' }),
};

export const limitFlags = {
  ...changeableLimitFlags,
  'blkio-weight-device': eachDevice(parseWeightDevice, 'Block IO weight (relative device weight)'),
  'cgroup-parent': flag.string({ description: 'Optional parent cgroup for the container' }),
  'device-read-bps': eachDevice(parseByteRate, 'Limit read rate (bytes per second) from a device'),
  'device-read-iops': eachDevice(parseOperationRate, 'Limit read rate (IO per second) from a device'),
  'device-write-bps': eachDevice(parseByteRate, 'Limit write rate (bytes per second) to a device'),
  'device-write-iops': eachDevice(parseOperationRate, 'Limit write rate (IO per second) to a device'),
  'memory-swappiness': flag.integer({ description: 'Tune container memory swappiness (0 to 100)', default: -1 }),
};

/** The given limits that `update` takes as well, in Docker's fields; what was not given is absent. */
export function changeableLimits(flags: FlagValues<typeof changeableLimitFlags>): Partial<HostConfig> {
  return present({
    BlkioWeight: flags['blkio-weight'],
    CpuPeriod: flags['cpu-period'],
    CpuQuota: flags['cpu-quota'],
    CpuShares: flags['cpu-shares'],
    CpusetCpus: flags['cpuset-cpus'],
    CpusetMems: flags['cpuset-mems'],
    Memory: flags.memory,
    MemoryReservation: flags['memory-reservation'],
    MemorySwap: flags['memory-swap'],
    NanoCpus: flags.cpus,
    PidsLimit: flags['pids-limit'],
  });
}

/** All limits given to `run` or `create`. */
export function limitOptions(flags: FlagValues<typeof limitFlags>): Partial<HostConfig> {
  const swappiness = flags['memory-swappiness'];
  return {
    ...changeableLimits(flags),
    ...present({
      BlkioWeightDevice: some(flags['blkio-weight-device']),
      BlkioDeviceReadBps: some(flags['device-read-bps']),
      BlkioDeviceReadIOps: some(flags['device-read-iops']),
      BlkioDeviceWriteBps: some(flags['device-write-bps']),
      BlkioDeviceWriteIOps: some(flags['device-write-iops']),
      CgroupParent: flags['cgroup-parent'],
      MemorySwappiness: swappiness === -1 ? undefined : swappiness,
    }),
  };
}

/** A repeatable flag of `PATH:AMOUNT`s. */
function eachDevice<T>(parse: (text: string) => T, description: string): ListFlag<T> {
  return { helpValue: 'list', description, type: 'option', multiple: true, default: [], parse };
}

const some = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : undefined);

/** `fields` without the undefined ones. */
function present(fields: { [K in keyof HostConfig]?: HostConfig[K] | undefined }): Partial<HostConfig> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
