// The processes of a process group, as /proc tells them.
import { readdirSync, readFileSync } from 'node:fs';

export function groupOf(leader: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => groupIdOf(pid) === leader);
}

function groupIdOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // `PID (name) state ppid pgrp …`; the name may hold anything, a parenthesis too.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  } catch {
    return undefined;
  }
}
