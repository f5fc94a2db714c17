// The limits and devices in an inspected container's `HostConfig`, which Docker keeps in a struct of their own, in its order.
import type { HostConfig } from '../storage/records.ts';
import { goMap, NIL_LIST, struct } from './go-values.ts';

export function renderResources(given: HostConfig) {
  const throttles = (list: HostConfig['BlkioDeviceReadBps']): object[] =>
    (list ?? []).map(({ Path, Rate }) => struct('blkiodev.ThrottleDevice', { Path, Rate }));
  return {
    CpuShares: given.CpuShares ?? 0,
    Memory: given.Memory,
    NanoCpus: given.NanoCpus,
    CgroupParent: given.CgroupParent ?? '',
    BlkioWeight: given.BlkioWeight ?? 0,
    BlkioWeightDevice: (given.BlkioWeightDevice ?? []).map(({ Path, Weight }) => struct('blkiodev.WeightDevice', { Path, Weight })),
    BlkioDeviceReadBps: throttles(given.BlkioDeviceReadBps),
    BlkioDeviceWriteBps: throttles(given.BlkioDeviceWriteBps),
    BlkioDeviceReadIOps: throttles(given.BlkioDeviceReadIOps),
    BlkioDeviceWriteIOps: throttles(given.BlkioDeviceWriteIOps),
    CpuPeriod: given.CpuPeriod ?? 0,
    CpuQuota: given.CpuQuota ?? 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: given.CpusetCpus ?? '',
    CpusetMems: given.CpusetMems ?? '',
    Devices: (given.Devices ?? []).map((device) => struct('container.DeviceMapping', { ...device })),
    DeviceCgroupRules: NIL_LIST,
    DeviceRequests: given.DeviceRequests?.length ? given.DeviceRequests.map(renderRequest) : NIL_LIST,
    MemoryReservation: given.MemoryReservation ?? 0,
    MemorySwap: given.MemorySwap,
    MemorySwappiness: null,
    OomKillDisable: null,
    PidsLimit: given.PidsLimit,
    Ulimits: (given.Ulimits ?? []).map(({ Name, Hard, Soft }) => struct('units.Ulimit', { Name, Hard, Soft })),
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}

function renderRequest({ Driver, Count, DeviceIDs, Capabilities, Options }: NonNullable<HostConfig['DeviceRequests']>[number]): object {
  return struct('container.DeviceRequest', {
    Driver,
    Count,
    DeviceIDs: DeviceIDs ?? NIL_LIST,
    Capabilities: Capabilities.length > 0 ? Capabilities : NIL_LIST,
    Options: goMap(Options, ''),
  });
}
