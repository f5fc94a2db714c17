// The process that has a container's lock, found by what it was started as: its supervisor, or the worker of a copy to or from it.
import { readdirSync, readFileSync } from 'node:fs';

/** Host pid of the process that runs `skiff __supervise ID`, or undefined. Its starters, nsenter and unshare, name it as well: they do not count. */
export function supervisorOf(id: string): number | undefined {
  return processWith((words) => isOurs(words.indexOf('__supervise'), 1, words.indexOf(id)));
}

/** Whether the supervisor or one of its starters is still there: of a killed one, `unshare` stays until the kernel has ended its pid namespace. */
export function isSupervised(id: string): boolean {
  return processWith((words) => words.includes('__supervise') && words.includes(id)) !== undefined;
}

/** Host pid of the worker that runs `skiff __work copy-… ID`, or undefined. */
export function copierOf(id: string): number | undefined {
  return processWith((words) => words.some((word) => word.startsWith('copy-')) && isOurs(words.indexOf('__work'), 2, words.indexOf(id)));
}

// Behind the program, which is one word, or two in development.
const isOurs = (role: number, distance: number, id: number): boolean => (role === 1 || role === 2) && id === role + distance;

function processWith(isWanted: (words: string[]) => boolean): number | undefined {
  const found = readdirSync('/proc').find((name) => /^\d+$/.test(name) && isWanted(wordsOf(name)));
  return found === undefined ? undefined : Number(found);
}

function wordsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
