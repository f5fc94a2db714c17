// A container's limits for the runtime (runtime-spec, config-linux.md "Control groups"), as far as its cgroup can hold them;
// `unenforced` names the others, so that each limit asked for either holds or is said not to.
import type { HostConfig, ThrottleDevice } from '../../storage/records.ts';
import type { DeviceNumbers } from '../../sys/block-device.ts';
import type { OciBlockIo, OciResources } from './types.ts';

export interface ResourceFacts {
  /** Controllers delegated to the container's cgroup: `memory`, `cpu`, `pids`, `io`, `cpuset`. */
  controllers: readonly string[];
  /** Which of `OPTIONAL_FILES` its cgroup has. */
  files: readonly string[];
  /** The numbers of a block device; undefined when there is none at the path (any more). */
  device: (path: string) => DeviceNumbers | undefined;
}

/** Files that a controller has on some kernels only. */
export const OPTIONAL_FILES = ['memory.swap.max', 'io.weight', 'io.bfq.weight'];

/** The kernel's usual period, microseconds. */
export const CPU_PERIOD = 100_000;

/** The limits that the cgroup can hold. */
export function resources(config: HostConfig, facts: ResourceFacts): OciResources {
  const has = (name: string): boolean => facts.controllers.includes(name);
  const parts: OciResources = {
    memory: has('memory') ? memory(config, facts) : {},
    cpu: { ...(has('cpu') ? cpu(config) : {}), ...(has('cpuset') ? cpuset(config) : {}) },
    ...(config.PidsLimit !== null && config.PidsLimit > 0 && has('pids') ? { pids: { limit: config.PidsLimit } } : {}),
    blockIO: has('io') ? blockIo(config, facts) : {},
  };
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0));
}

function memory({ Memory, MemorySwap, MemoryReservation }: HostConfig, { files }: ResourceFacts): NonNullable<OciResources['memory']> {
  const hasSwap = Memory > 0 && MemorySwap !== 0 && files.includes('memory.swap.max');
  return {
    ...(Memory > 0 ? { limit: Memory } : {}),
    ...(hasSwap ? { swap: MemorySwap } : {}),
    ...(MemoryReservation ? { reservation: MemoryReservation } : {}),
  };
}

function cpu({ NanoCpus, CpuPeriod, CpuQuota, CpuShares }: HostConfig): NonNullable<OciResources['cpu']> {
  const shares = CpuShares ? { shares: Math.min(Math.max(CpuShares, 2), 262_144) } : {};
  if (NanoCpus > 0) return { quota: Math.round((NanoCpus * CPU_PERIOD) / 1e9), period: CPU_PERIOD, ...shares };
  return { ...(CpuQuota ? { quota: CpuQuota } : {}), ...(CpuPeriod ? { period: CpuPeriod } : {}), ...shares };
}

function cpuset({ CpusetCpus, CpusetMems }: HostConfig): NonNullable<OciResources['cpu']> {
  return { ...(CpusetCpus ? { cpus: CpusetCpus } : {}), ...(CpusetMems ? { mems: CpusetMems } : {}) };
}

function blockIo(config: HostConfig, { files, device }: ResourceFacts): OciBlockIo {
  const throttle = (list: ThrottleDevice[] = []) =>
    list.flatMap(({ Path, Rate }) => {
      const numbers = device(Path);
      return numbers ? [{ major: numbers.major, minor: numbers.minor, rate: Rate }] : [];
    });
  const weights = (config.BlkioWeightDevice ?? []).flatMap(({ Path, Weight }) => {
    const numbers = device(Path);
    return numbers && Weight > 0 ? [{ major: numbers.major, minor: numbers.minor, weight: Weight }] : [];
  });
  const lists = {
    weightDevice: files.includes('io.bfq.weight') ? weights : [],
    throttleReadBpsDevice: throttle(config.BlkioDeviceReadBps),
    throttleWriteBpsDevice: throttle(config.BlkioDeviceWriteBps),
    throttleReadIOPSDevice: throttle(config.BlkioDeviceReadIOps),
    throttleWriteIOPSDevice: throttle(config.BlkioDeviceWriteIOps),
  };
  const hasWeight = config.BlkioWeight && files.some((file) => file.endsWith('.weight'));
  return {
    ...(hasWeight ? { weight: config.BlkioWeight } : {}),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
  };
}

/** Asked-for limits that the cgroup cannot hold, and what each would need: a controller, or a file that the kernel does not have. */
export function unenforced(
  config: Partial<HostConfig>,
  { controllers, files }: Omit<ResourceFacts, 'device'>,
): { flag: string; needs: string }[] {
  const missing: { flag: string; needs: string }[] = [];
  for (const [flag, controller, isAsked, anyOf] of LIMITS) {
    if (!isAsked(config)) continue;
    if (!controllers.includes(controller)) missing.push({ flag, needs: controller });
    else if (anyOf && !anyOf.some((file) => files.includes(file))) missing.push({ flag, needs: anyOf[0] ?? '' });
  }
  return missing;
}

type Limit = [flag: string, controller: string, isAsked: (config: Partial<HostConfig>) => boolean, anyOf?: string[]];

const LIMITS: readonly Limit[] = [
  ['--memory', 'memory', ({ Memory = 0 }) => Memory > 0],
  // Twice the memory is what nobody asked for.
  [
    '--memory-swap',
    'memory',
    ({ Memory = 0, MemorySwap = 0 }) => Memory > 0 && ![0, -1, Memory * 2].includes(MemorySwap),
    ['memory.swap.max'],
  ],
  ['--memory-reservation', 'memory', ({ MemoryReservation = 0 }) => MemoryReservation > 0],
  ['--cpus', 'cpu', ({ NanoCpus = 0 }) => NanoCpus > 0],
  ['--cpu-period', 'cpu', ({ CpuPeriod = 0 }) => CpuPeriod > 0],
  ['--cpu-quota', 'cpu', ({ CpuQuota = 0 }) => CpuQuota > 0],
  ['--cpu-shares', 'cpu', ({ CpuShares = 0 }) => CpuShares > 0],
  ['--cpuset-cpus', 'cpuset', ({ CpusetCpus = '' }) => CpusetCpus !== ''],
  ['--cpuset-mems', 'cpuset', ({ CpusetMems = '' }) => CpusetMems !== ''],
  ['--pids-limit', 'pids', ({ PidsLimit }) => (PidsLimit ?? 0) > 0],
  ['--blkio-weight', 'io', ({ BlkioWeight = 0 }) => BlkioWeight > 0, ['io.weight', 'io.bfq.weight']],
  ['--blkio-weight-device', 'io', ({ BlkioWeightDevice = [] }) => BlkioWeightDevice.length > 0, ['io.bfq.weight']],
  ['--device-read-bps', 'io', ({ BlkioDeviceReadBps = [] }) => BlkioDeviceReadBps.length > 0],
  ['--device-write-bps', 'io', ({ BlkioDeviceWriteBps = [] }) => BlkioDeviceWriteBps.length > 0],
  ['--device-read-iops', 'io', ({ BlkioDeviceReadIOps = [] }) => BlkioDeviceReadIOps.length > 0],
  ['--device-write-iops', 'io', ({ BlkioDeviceWriteIOps = [] }) => BlkioDeviceWriteIOps.length > 0],
];
