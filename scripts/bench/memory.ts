// The memory of everything that an engine has running: proportional set size (PSS), in which a page that n processes share counts
// 1/n in each. An engine's processes are those that carry its mark in their environment or name its storage in their arguments
// (podman's monitor has an environment of its own), and all their descendants (as has a container's program).
import { readdirSync, readFileSync } from 'node:fs';

export interface Memory {
  bytes: number;
  /** Process name → bytes. */
  byName: Record<string, number>;
  processes: number;
  /** Processes whose memory this user may not read. */
  hidden: number;
}

/** Sums what runs with `mark` (`NAME=VALUE`) in its environment or `storage` (a path) in its arguments. */
export function memoryOf({ mark, storage }: { mark: string; storage: string }): Memory {
  const memory: Memory = { bytes: 0, byName: {}, processes: 0, hidden: 0 };
  for (const pid of processesOf(mark, storage)) {
    const rollup = read(pid, 'smaps_rollup');
    const kilobytes = rollup?.match(/^Pss:\s+(\d+) kB/m)?.[1];
    memory.processes++;
    if (kilobytes === undefined) memory.hidden++;
    const bytes = Number(kilobytes ?? 0) * 1024;
    const name = (read(pid, 'comm') ?? '?').trim();
    memory.bytes += bytes;
    memory.byName[name] = (memory.byName[name] ?? 0) + bytes;
  }
  return memory;
}

/** User and system time so far, in clock ticks, of the supervisors among an engine's processes. */
export function supervisorTicks({ mark, storage }: { mark: string; storage: string }): { ticks: number; supervisors: number } {
  const supervisors = processesOf(mark, storage).filter((pid) => read(pid, 'cmdline')?.split('\0')[1] === '__supervise');
  const ticks = supervisors.map((pid) => {
    const stat = read(pid, 'stat') ?? '';
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  });
  return { ticks: ticks.reduce((sum, one) => sum + one, 0), supervisors: supervisors.length };
}

/** One line: the whole, and each program's part. */
export function describe(memory: Memory): string {
  const names = Object.entries(memory.byName).sort((a, b) => b[1] - a[1]);
  const parts = names.map(([name, bytes]) => `${name} ${(bytes / 1e6).toFixed(1)}`);
  const hidden = memory.hidden > 0 ? `, ${memory.hidden} hidden` : '';
  return `${(memory.bytes / 1e6).toFixed(1)} MB in ${memory.processes} processes${hidden} (${parts.join(', ')})`;
}

function processesOf(mark: string, storage: string): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const parents = new Map(pids.map((pid) => [pid, parentOf(pid)]));
  const isMarked = (pid: number) => read(pid, 'environ')?.split('\0').includes(mark) || read(pid, 'cmdline')?.includes(`${storage}/`);
  const marked = new Set(pids.filter(isMarked));
  const belongs = (pid: number): boolean => marked.has(pid) || (parents.has(pid) && pid > 1 && belongs(parents.get(pid) ?? 0));
  return pids.filter(belongs);
}

// `PID (name) state ppid …`; the name may hold anything, a parenthesis too.
function parentOf(pid: number): number {
  const stat = read(pid, 'stat') ?? '';
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
