// What a container uses, added up over its processes, for what no cgroup controller counts. Less exact than a cgroup: processes that have
// ended are not in it, and pages that several share are counted once, as the largest share that one of them has.
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

export interface ProcessUsage {
  cpuUsec: number;
  memoryBytes: number;
  disk: { readBytes: number; writtenBytes: number };
  tasks: number;
}

/** The sum over `pids`, the CPU time only where `countsCpu`; undefined when none of them is there any more. */
export function processUsage(pids: readonly number[], { countsCpu = false } = {}): ProcessUsage | undefined {
  const sum = { cpuUsec: 0, disk: { readBytes: 0, writtenBytes: 0 }, tasks: 0 };
  let privateKb = 0;
  let sharedKb = 0;
  for (const pid of pids) {
    const status = textOf(pid, 'status');
    if (status === undefined) continue;
    sum.tasks += field(status, 'Threads');
    privateKb += field(status, 'RssAnon');
    sharedKb = Math.max(sharedKb, field(status, 'RssFile') + field(status, 'RssShmem'));
    if (countsCpu) sum.cpuUsec += cpuOf(pid);
    const io = textOf(pid, 'io') ?? '';
    sum.disk.readBytes += field(io, 'read_bytes');
    sum.disk.writtenBytes += field(io, 'write_bytes');
  }
  return sum.tasks === 0 ? undefined : { ...sum, memoryBytes: (privateKb + sharedKb) * 1024 };
}

/** The processes in the cgroup at `folder` and those below it. */
export function processesOfCgroup(folder: string): number[] {
  try {
    const own = readFileSync(`${folder}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
    // Each cgroup below adds a link; mostly there is none, and the folder has dozens of files.
    if (statSync(folder).nlink <= 2) return own;
    const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...own, ...below.flatMap(({ name }) => processesOfCgroup(`${folder}/${name}`))];
  } catch {
    return [];
  }
}

/**
 * The processes of a container without a cgroup of its own: all in the namespace of its init `pid` that no other container is in. That
 * is the pid namespace, or where it has none of its own, the UTS namespace.
 */
export function processesOfContainer(pid: number): number[] {
  if (pid < 2) return [];
  const kind = namespaceOf(pid, 'pid') === namespaceOf('self', 'pid') ? 'uts' : 'pid';
  const wanted = namespaceOf(pid, kind);
  if (wanted === undefined || wanted === namespaceOf('self', kind)) return [pid];
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((one) => namespaceOf(one, kind) === wanted);
}

/** User and system time (proc_pid_stat(5), fields 14 and 15; the name before them may hold spaces), in ticks of a hundredth second. */
function cpuOf(pid: number): number {
  const stat = textOf(pid, 'stat') ?? '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10_000;
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

function textOf(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function namespaceOf(pid: number | 'self', kind: 'pid' | 'uts'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
}
