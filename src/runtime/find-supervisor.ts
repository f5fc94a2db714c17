// The supervisor of a container, found by what it was started as.
import { readdirSync, readFileSync } from 'node:fs';

/** Host pid of the process that runs `skiff __supervise ID`, or undefined. Its starters, nsenter and unshare, name it as well: they do not count. */
export function supervisorOf(id: string): number | undefined {
  const found = readdirSync('/proc').find((name) => /^\d+$/.test(name) && isSupervisor(name, id));
  return found === undefined ? undefined : Number(found);
}

function isSupervisor(pid: string, id: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const at = words.indexOf('__supervise');
    return (at === 1 || at === 2) && words[at + 1] === id;
  } catch {
    return false;
  }
}
