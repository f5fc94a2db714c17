// The processes of a container that has no pid namespace of its own, where killing its init kills nobody else. They are known by the UTS
// namespace that every one of them is in; as long as a descriptor keeps that open, its number is not given to another.
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
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

/** Ends what a killed supervisor left of its container, by its last written state. Without its init's start time nobody is touched. */
export async function endRemains(state: Pick<ContainerState, 'Pid' | 'InitStarted'> | undefined): Promise<void> {
  if (state?.InitStarted === undefined || state.Pid < 2 || startTime(state.Pid) !== state.InitStarted) return;
  await openFamily(state.Pid).end();
}

async function endMembers(namespace: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const members = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && utsOf(name) === namespace);
    if (members.length === 0) return;
    for (const member of members) kill(Number(member), SIGKILL);
    await Bun.sleep(5);
  }
}

// A zombie has no namespaces any more.
function utsOf(process_: string): string | undefined {
  try {
    return readlinkSync(`/proc/${process_}/ns/uts`);
  } catch {
    return undefined;
  }
}
