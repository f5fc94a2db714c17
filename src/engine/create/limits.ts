// Which limits can be asked for, in Docker's words: `create` and `update` refuse the same values. Whether the cgroup can hold them is
// not asked here: a container starts without those that it cannot, and says so.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { HostConfig } from '../../storage/records.ts';
import { blockDevice } from '../../sys/block-device.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { parseCpuList } from './cpu-list.ts';

const MIN_MEMORY = 6 * 1024 * 1024;

/** Throws ERR_BAD_OPTION (exit code 125). With `isUpdate` a swap limit may come without a memory limit, which is there already. */
export function checkLimits(given: Partial<HostConfig>, { isUpdate = false } = {}): void {
  checkMemory(given, isUpdate);
  checkCpu(given);
  checkCpuset(given.CpusetCpus, {
    kind: 'cpuset cpus',
    what: 'CPUs',
    available: () => listed('/sys/devices/system/cpu/online') ?? `0-${availableParallelism() - 1}`,
  });
  checkCpuset(given.CpusetMems, {
    kind: 'cpuset mems',
    what: 'memory nodes',
    available: () => listed('/sys/devices/system/node/online') ?? '0',
  });
  const weight = given.BlkioWeight ?? 0;
  if (weight !== 0 && (weight < 10 || weight > 1000)) throw bad('Range of blkio weight is from 10 to 1000', 'Give a number in that range');
  const rates = [given.BlkioDeviceReadBps, given.BlkioDeviceWriteBps, given.BlkioDeviceReadIOps, given.BlkioDeviceWriteIOps];
  for (const { Path } of [...(given.BlkioWeightDevice ?? []), ...rates.flatMap((list) => list ?? [])]) checkDisk(Path);
}

function checkMemory({ Memory = 0, MemorySwap = 0, MemoryReservation = 0, MemorySwappiness = -1 }: Partial<HostConfig>, isUpdate: boolean) {
  if (Memory !== 0 && Memory < MIN_MEMORY) throw bad('Minimum memory limit allowed is 6MB', 'Give at least --memory 6m');
  if (Memory === 0 && MemorySwap > 0 && !isUpdate) {
    throw bad('You should always set the Memory limit when using Memoryswap limit', 'Give --memory too');
  }
  if (MemorySwap < -1) throw bad(`Invalid memory swap limit: ${MemorySwap}`, 'Give -1 for unlimited swap');
  if (Memory > 0 && MemorySwap > 0 && MemorySwap < Memory) {
    throw bad('Minimum memoryswap limit should be larger than memory limit', 'Give a larger --memory-swap');
  }
  if (MemoryReservation > 0 && MemoryReservation < MIN_MEMORY) {
    throw bad('Minimum memory reservation allowed is 6MB', 'Give at least --memory-reservation 6m');
  }
  if (Memory > 0 && MemoryReservation > 0 && Memory < MemoryReservation) {
    throw bad('Minimum memory limit can not be less than memory reservation limit', 'Give a smaller --memory-reservation');
  }
  if (MemorySwappiness < -1 || MemorySwappiness > 100) {
    throw bad(`Invalid value: ${MemorySwappiness}. Valid memory swappiness range is 0-100`, 'Give a number in that range');
  }
}

function checkCpu({ NanoCpus = 0, CpuPeriod = 0, CpuQuota = 0, CpuShares = 0 }: Partial<HostConfig>): void {
  const leaveOut = 'Give --cpus, or --cpu-period and --cpu-quota';
  if (NanoCpus > 0 && CpuPeriod > 0) throw bad('Conflicting options: Nano CPUs and CPU Period cannot both be set', leaveOut);
  if (NanoCpus > 0 && CpuQuota > 0) throw bad('Conflicting options: Nano CPUs and CPU Quota cannot both be set', leaveOut);
  const cpus = availableParallelism();
  if (NanoCpus !== 0 && (NanoCpus < 1e7 || NanoCpus > cpus * 1e9)) {
    throw bad(`Range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`, 'Give a number in that range');
  }
  if (CpuPeriod !== 0 && (CpuPeriod < 1000 || CpuPeriod > 1_000_000)) {
    throw bad('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)', 'Give a number of microseconds');
  }
  if (CpuQuota > 0 && CpuQuota < 1000) throw bad('CPU cfs quota can not be less than 1ms (i.e. 1000)', 'Give a number of microseconds');
  if (CpuShares < 0) throw bad(`Invalid CPU shares: ${CpuShares}`, 'Give a number from 2 to 262144; 1024 is the usual one');
}

function checkCpuset(asked: string | undefined, set: { kind: string; what: string; available: () => string }): void {
  if (!asked) return;
  let wanted: number[];
  try {
    wanted = parseCpuList(asked);
  } catch (cause) {
    throw bad(`Invalid value ${asked} for ${set.kind}: ${messageOf(cause)}`, 'Give a list such as 0-3,5');
  }
  const available = set.available();
  const there = parseCpuList(available);
  if (wanted.every((number) => there.includes(number))) return;
  throw bad(`Requested ${set.what} are not available - requested ${asked}, available: ${available}`, 'Give some of those');
}

function checkDisk(path: string): void {
  const device = blockDevice(path);
  if (!device) throw bad(`Cannot limit the device "${path}": there is no such block device`, 'Look for the disk with: lsblk -dp');
  if (device.partitionOf !== undefined) {
    throw bad(`Cannot limit the device "${path}": it is a partition`, `Give the whole disk: /dev/${device.partitionOf}`);
  }
}

function listed(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

const bad = (message: string, hint: string): EngineError => new EngineError('ERR_BAD_OPTION', message, { hint, exitCode: 125 });
