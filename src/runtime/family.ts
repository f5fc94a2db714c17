// The processes of a container that has no pid namespace of its own, where killing its init kills nobody else. They are known by the UTS
// namespace that every one of them is in; as long as a descriptor keeps that open, its number is not given to another.
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ContainerState } from '../storage/records.ts';
import { kill, startTime } from '../sys/process.ts';

export interface Family {
  /** Kills every member, and resolves when none is left; gives up on those that a signal cannot end. */
  end(): Promise<void>;
}

const SIGKILL = 9;
const ROUNDS = 200;

/** The family of `pid`; nobody when that is gone, or shares our own namespace. Call `end` once: it lets the namespace go. */
export function openFamily(pid: number): Family {
  let fd: number;
  try {
    fd = openSync(`/proc/${pid}/ns/uts`, 'r');
  } catch {
    return { end: () => Promise.resolve() };
  }
  const namespace = readlinkSync(`/proc/self/fd/${fd}`);
  return {
    end: async () => {
      try {
        if (namespace !== utsOf('self')) await endMembers(namespace);
      } finally {
        closeSync(fd);
      }
    },
  };
}

/**
 * Ends what a killed supervisor (and its guard) left of container `id`, by its last written state: nobody unless that says that it
 * ran without a pid namespace. pasta and fuse-overlayfs are known by the id among their arguments.
 */
export async function endRemains(id: string, state: Pick<ContainerState, 'Pid' | 'InitStarted'> | undefined): Promise<void> {
  if (state?.InitStarted === undefined || state.Pid < 2) return;
  for (const pid of pids()) if (isHelperOf(id, pid)) kill(Number(pid), SIGKILL);
  if (startTime(state.Pid) === state.InitStarted) await openFamily(state.Pid).end();
}

async function endMembers(namespace: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const members = pids().filter((pid) => utsOf(pid) === namespace);
    if (members.length === 0) return;
    for (const member of members) kill(Number(member), SIGKILL);
    await Bun.sleep(5);
  }
}

const pids = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name));

// In another user namespace than ours: so it is neither the user's nor us.
function isHelperOf(id: string, pid: string): boolean {
  const user = namespaceOf(pid, 'user');
  if (user === undefined || user === namespaceOf('self', 'user')) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(id.slice(0, 24));
  } catch {
    return false;
  }
}

const utsOf = (pid: string): string | undefined => namespaceOf(pid, 'uts');

// A zombie has no namespaces any more.
function namespaceOf(pid: string, kind: 'uts' | 'user'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
}
