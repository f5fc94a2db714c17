// Block devices by path, for the kernel's I/O limits. Those hold for whole disks: a partition is refused with ENODEV (cgroup v2, "IO").
import { existsSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { errnoOf } from './errors.ts';

export interface DeviceNumbers {
  major: number;
  minor: number;
}

/** The numbers of the block device at `path`, and the name of the disk that it is a partition of. Undefined: it is no block device. */
export function blockDevice(path: string): (DeviceNumbers & { partitionOf?: string }) | undefined {
  const stat = statOf(path);
  if (!stat?.isBlockDevice()) return undefined;
  const numbers = splitDevice(stat.rdev);
  const entry = `/sys/dev/block/${numbers.major}:${numbers.minor}`;
  return existsSync(`${entry}/partition`) ? { ...numbers, partitionOf: basename(dirname(readlinkSync(entry))) } : numbers;
}

/** A `dev_t` as the C library packs it (makedev(3)). */
export function splitDevice(rdev: number): DeviceNumbers {
  const device = BigInt(rdev);
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  };
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR' || errnoOf(error) === 'EACCES') return undefined;
    throw error;
  }
}
