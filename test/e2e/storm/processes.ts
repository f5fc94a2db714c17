// The processes of a storm's sandbox: supervisors, known by the run folder in their environment, and all that descends from them.
import { readdirSync, readFileSync } from 'node:fs';

export interface Process {
  pid: number;
  parent: number;
  /** As in /proc/PID/comm. */
  name: string;
  words: string[];
}

/** Supervisors (`skiff __supervise ID`) whose run folder is `run`. */
export function supervisors(run: string, all = processes()): Process[] {
  return all.filter(({ pid, words }) => words[1] === '__supervise' && read(pid, 'environ').split('\0').includes(`SKIFF_RUNROOT=${run}`));
}

/** Supervisors and what they started, containers' programs included. */
export function family(run: string): Process[] {
  const all = processes();
  const own = new Set(supervisors(run, all).map(({ pid }) => pid));
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  const belongs = (pid: number): boolean => own.has(pid) || (pid > 1 && parents.has(pid) && belongs(parents.get(pid) ?? 0));
  return all.filter(({ pid }) => belongs(pid));
}

export function isAlive(pid: number): boolean {
  const state = /^State:\s+(\S)/m.exec(read(pid, 'status'))?.[1];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const pid = Number(name);
      const stat = read(pid, 'stat');
      if (stat === '') return [];
      // `PID (name) state ppid …`; the name may hold anything, a parenthesis too.
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
      return [{ pid, parent, name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')), words: read(pid, 'cmdline').split('\0') }];
    });
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
