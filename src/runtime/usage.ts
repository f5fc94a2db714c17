// What a running container uses of the machine: from its cgroup's files (cgroup v2), each of them read once. What the cgroup does not count
// for want of a controller is added up over its processes (usage-processes.ts). Anything may be gone by the next read: undefined then.
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { ContainerView } from '../storage/container.ts';
import { cgroup2Mount } from './cgroup-tree.ts';
import { type ProcessUsage, processesOfCgroup, processesOfContainer, processUsage } from './usage-processes.ts';

export interface Usage {
  /** CPU time since the container started, microseconds. */
  cpuUsec: number;
  /** Bytes; page cache that the kernel can drop at once does not count. */
  memoryBytes: number;
  /** The container's limit, or what the machine has. */
  memoryLimitBytes: number;
  network: { receivedBytes: number; sentBytes: number };
  disk: { readBytes: number; writtenBytes: number };
  /** Processes and threads. */
  tasks: number;
}

/** CPU time since the container started, microseconds; undefined when it has ended. */
export function cpuTimeOf({ state }: ContainerView): number | undefined {
  const folder = cgroupFolder(state.CgroupPath);
  return cpuOfCgroup(folder) ?? processUsage(processesOfContainer(state.Pid), { countsCpu: true })?.cpuUsec;
}

/** All of it; undefined when the container has ended. */
export function usageOf({ record, state }: ContainerView): Usage | undefined {
  const folder = cgroupFolder(state.CgroupPath);
  // A file that is not there costs more to try than this one does to read.
  const has = textIn(folder, 'cgroup.controllers') ?? '';
  let added: ProcessUsage | undefined;
  const fromProcesses = (): ProcessUsage | undefined => {
    const pids = () => (folder !== undefined ? processesOfCgroup(folder) : processesOfContainer(state.Pid));
    added ??= processUsage(pids(), { countsCpu: ofCgroup === undefined });
    return added;
  };
  const ofCgroup = cpuOfCgroup(folder);
  const cpuUsec = ofCgroup ?? fromProcesses()?.cpuUsec;
  const memory = has.includes('memory') ? memoryOfCgroup(folder) : undefined;
  const tasks = (has.includes('pids') ? numberIn(folder, 'pids.current') : undefined) ?? fromProcesses()?.tasks;
  if (cpuUsec === undefined || tasks === undefined) return undefined;
  return {
    cpuUsec,
    memoryBytes: memory?.bytes ?? fromProcesses()?.memoryBytes ?? 0,
    memoryLimitBytes: Math.min(memory?.limit ?? Number.POSITIVE_INFINITY, totalmem()),
    // Without a network there is the loopback alone; the host's traffic is not the container's.
    network: ['none', 'host'].includes(record.HostConfig.NetworkMode) ? NO_TRAFFIC : trafficOf(state.Pid),
    disk: (/\bio\b/.test(has) ? diskOfCgroup(folder) : fromProcesses()?.disk) ?? NOTHING_MOVED,
    tasks,
  };
}

const NOTHING_MOVED = { readBytes: 0, writtenBytes: 0 };
const NO_TRAFFIC = { receivedBytes: 0, sentBytes: 0 };

function cgroupFolder(path: string): string | undefined {
  root ??= cgroup2Mount();
  return root && path ? join(root, path) : undefined;
}

let root: string | undefined;

// The one figure that the kernel keeps without any controller.
function cpuOfCgroup(folder: string | undefined): number | undefined {
  const text = textIn(folder, 'cpu.stat');
  return text === undefined ? undefined : Number(/^usage_usec (\d+)/m.exec(text)?.[1] ?? 0);
}

function memoryOfCgroup(folder: string | undefined): { bytes: number; limit: number } | undefined {
  const current = numberIn(folder, 'memory.current');
  if (current === undefined) return undefined;
  const inactive = Number(/^inactive_file (\d+)/m.exec(textIn(folder, 'memory.stat') ?? '')?.[1] ?? 0);
  return { bytes: Math.max(current - inactive, 0), limit: numberIn(folder, 'memory.max') ?? Number.POSITIVE_INFINITY };
}

function diskOfCgroup(folder: string | undefined): Usage['disk'] | undefined {
  const text = textIn(folder, 'io.stat');
  if (text === undefined) return undefined;
  const sum = (key: string): number => [...text.matchAll(new RegExp(` ${key}=(\\d+)`, 'g'))].reduce((total, [, n]) => total + Number(n), 0);
  return { readBytes: sum('rbytes'), writtenBytes: sum('wbytes') };
}

/** What went through the interfaces of the process's network namespace, loopback apart (proc_pid_net(5), dev). */
function trafficOf(pid: number): Usage['network'] {
  const total = { receivedBytes: 0, sentBytes: 0 };
  for (const line of (textOf(`/proc/${pid}/net/dev`) ?? '').split('\n').slice(2)) {
    const [name, counters = ''] = line.split(':');
    const numbers = counters.trim().split(/\s+/).map(Number);
    if (name?.trim() === 'lo' || numbers.length < 9) continue;
    total.receivedBytes += numbers[0] ?? 0;
    total.sentBytes += numbers[8] ?? 0;
  }
  return total;
}

function numberIn(folder: string | undefined, file: string): number | undefined {
  const value = Number.parseInt(textIn(folder, file) ?? '', 10);
  return Number.isNaN(value) ? undefined : value;
}

const textIn = (folder: string | undefined, file: string): string | undefined =>
  folder === undefined ? undefined : textOf(`${folder}/${file}`);

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
