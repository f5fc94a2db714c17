// The processes of a container that has no pid namespace of its own, where killing its init kills nobody else. They are known by the UTS
// namespace that every one of them is in, or by the IPC namespace where the host's UTS namespace was asked for. It is made before the
// container, so that nobody can be missed, and kept open, so that its number is not given to another.
import { openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ContainerState } from '../storage/records.ts';
import { CLONE, setns, unshare } from '../sys/mount.ts';
import { kill, startTime } from '../sys/process.ts';
import { SIGKILL } from '../sys/signals.ts';

export type FamilyKind = 'uts' | 'ipc';

export interface Family {
  kind: FamilyKind;
  /** The namespace that the container is to join; valid as long as this process lives. */
  path: string;
  /** Kills every member, and resolves when none is left; gives up on those that a signal cannot end. */
  end(): Promise<void>;
}

const ROUNDS = 200;

const CLONE_FLAGS = { uts: CLONE.NEWUTS, ipc: CLONE.NEWIPC } as const;

/** A family without members. `settle` is called while this thread is in its namespace. */
export function makeFamily(kind: FamilyKind, settle: () => void = () => undefined): Family {
  // The first is for this thread, since there is no way back to the host's; the second for the family.
  unshare(CLONE_FLAGS[kind]);
  const own = `/proc/self/fd/${openSync(`/proc/self/ns/${kind}`, 'r')}`;
  unshare(CLONE_FLAGS[kind]);
  const fd = openSync(`/proc/self/ns/${kind}`, 'r');
  settle();
  setns(own, CLONE_FLAGS[kind]);
  const namespace = readlinkSync(`/proc/self/fd/${fd}`);
  return { kind, path: `/proc/${process.pid}/fd/${fd}`, end: () => endMembers(kind, namespace) };
}

/**
 * Ends what a killed supervisor (and its guard) left of container `id`, by its last written state: nobody unless that says that it
 * ran without a pid namespace. pasta and fuse-overlayfs are known by the id among their arguments.
 */
export async function endRemains(id: string, state: Pick<ContainerState, 'Pid' | 'InitStarted'> | undefined): Promise<void> {
  if (state?.InitStarted === undefined || state.Pid < 2) return;
  for (const pid of pids()) if (isHelperOf(id, pid)) kill(Number(pid), SIGKILL);
  if (startTime(state.Pid) !== state.InitStarted) return;
  for (const kind of ['uts', 'ipc'] as const) {
    const family = namespaceOf(String(state.Pid), kind);
    if (family === undefined || family === namespaceOf('self', kind)) continue;
    await endMembers(kind, family);
    return;
  }
}

async function endMembers(kind: FamilyKind, namespace: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const members = pids().filter((pid) => namespaceOf(pid, kind) === namespace);
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

// A zombie has no namespaces any more.
function namespaceOf(pid: string, kind: FamilyKind | 'user'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
}
