// Who listens on a host port, as far as this user may see: the socket's inode and owner from /proc/net, then the process that has it
// open. Only on the way to an error message, so it may be slow; of other users' processes, which keep their descriptors to themselves,
// the user is named.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { PortSpec } from './ports.ts';

const TCP_LISTEN = '0A';

/** `process 1234 (nginx)`, `a process of user "root"`, or undefined. `procRoot` is a procfs (its `self/net` is the host's network). */
export function portHolder({ proto, hostPort }: PortSpec, procRoot: string): string | undefined {
  const sockets = [proto, `${proto}6`].flatMap((name) => socketsAt(`${procRoot}/self/net/${name}`, hostPort));
  const inodes = new Set(sockets.map(({ inode }) => inode));
  if (inodes.size === 0) return undefined;
  for (const pid of list(procRoot)) {
    if (!/^\d+$/.test(pid)) continue;
    const holds = list(`${procRoot}/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(link(`${procRoot}/${pid}/fd/${fd}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
    if (holds) return `process ${pid} (${text(`${procRoot}/${pid}/comm`).trim()})`;
  }
  const name = userName(sockets[0]?.uid ?? '');
  return name === undefined ? undefined : `a process of user "${name}"`;
}

// In the user namespace ids of others are unknown, and its own stand for others on the host: only the host's are names.
function userName(uid: string): string | undefined {
  if (process.getuid?.() === 0) return undefined;
  const line = text('/etc/passwd')
    .split('\n')
    .find((each) => each.split(':')[2] === uid);
  return line?.split(':')[0];
}

interface Socket {
  uid: string;
  inode: string;
}

// Columns: sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode; ports are hex.
function socketsAt(path: string, port: number): Socket[] {
  return text(path)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, local = '', , state]) =>
        Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16) === port && (state === TCP_LISTEN || state === '07'),
    )
    .map((fields) => ({ uid: fields[7] ?? '', inode: fields[9] ?? '' }));
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
