// Who listens on a host port, as far as this user may see: the socket's inode from /proc/net, then the process that has it open.
// Only on the way to an error message, so it may be slow; other users' processes keep their descriptors to themselves.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { PortSpec } from './ports.ts';

const TCP_LISTEN = '0A';

/** `process 1234 (nginx)`, or undefined. `procRoot` is a procfs (its `self/net` is the host's network). */
export function portHolder({ proto, hostPort }: PortSpec, procRoot: string): string | undefined {
  const inodes = new Set([...inodesAt(`${procRoot}/self/net/${proto}`, hostPort), ...inodesAt(`${procRoot}/self/net/${proto}6`, hostPort)]);
  if (inodes.size === 0) return undefined;
  for (const pid of list(procRoot)) {
    if (!/^\d+$/.test(pid)) continue;
    const holds = list(`${procRoot}/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(link(`${procRoot}/${pid}/fd/${fd}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
    if (holds) return `process ${pid} (${text(`${procRoot}/${pid}/comm`).trim()})`;
  }
  return undefined;
}

// Columns: sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode; ports are hex.
function inodesAt(path: string, port: number): string[] {
  return text(path)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, local = '', , state]) =>
        Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16) === port && (state === TCP_LISTEN || state === '07'),
    )
    .map((fields) => fields[9] ?? '');
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
