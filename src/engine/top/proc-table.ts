// The columns of `ps -ef` from /proc (proc_pid_stat(5)), for machines without a ps.
import { readFileSync, statSync } from 'node:fs';
import type { ProcessTable } from './ps-output.ts';

const TICKS_PER_SECOND = 100;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const PTY_FIRST = 136;
const PTY_LAST = 143;

/** Processes that are gone by now are left out. */
export function procTable(pids: ReadonlySet<number>, now = Date.now()): ProcessTable {
  const uptimeSeconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  const users = namesOfUsers();
  const rows = [...pids].sort((one, other) => one - other).flatMap((pid) => rowOf(pid, { now, uptimeSeconds, users }));
  return { titles: ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'], rows };
}

function rowOf(pid: number, { now, uptimeSeconds, users }: { now: number; uptimeSeconds: number; users: Map<number, string> }): string[][] {
  try {
    const { uid } = statSync(`/proc/${pid}`);
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name between the brackets may hold anything.
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0, , , terminal = 0] = fields;
    const cpuSeconds = ((fields[11] ?? 0) + (fields[12] ?? 0)) / TICKS_PER_SECOND;
    const ageSeconds = Math.max(0, uptimeSeconds - (fields[19] ?? 0) / TICKS_PER_SECOND);
    const share = ageSeconds === 0 ? 0 : Math.min(99, Math.floor((cpuSeconds / ageSeconds) * 100));
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim() || `[${name}]`;
    const started = startedAt(new Date(now - ageSeconds * 1000), new Date(now));
    return [
      [
        users.get(uid) ?? String(uid),
        String(pid),
        String(parent),
        String(share),
        started,
        terminalName(terminal),
        clock(cpuSeconds),
        command,
      ],
    ];
  } catch {
    return [];
  }
}

function startedAt(start: Date, now: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  if (start.toDateString() === now.toDateString()) return `${two(start.getHours())}:${two(start.getMinutes())}`;
  if (start.getFullYear() === now.getFullYear()) return `${MONTHS[start.getMonth()]}${two(start.getDate())}`;
  return String(start.getFullYear());
}

function clock(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

function terminalName(device: number): string {
  const [major, minor] = [(device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00)];
  if (major >= PTY_FIRST && major <= PTY_LAST) return `pts/${(major - PTY_FIRST) * 256 + minor}`;
  return major === 4 ? `tty${minor}` : '?';
}

function namesOfUsers(): Map<number, string> {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return new Map(
      lines.map((line) => line.split(':')).flatMap(([name = '', , uid]): [number, string][] => (uid ? [[Number(uid), name]] : [])),
    );
  } catch {
    return new Map();
  }
}
