// The supervisor's own surroundings: a private mount namespace and (where it is PID 1) a procfs of its pid namespace. All of it
// is gone with the process. The host's /proc stays reachable by an open descriptor, for the pids that the user sees.
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { MS, mount } from '../../sys/mount.ts';
import { becomeSubreaper, pidInProc } from '../../sys/process.ts';
import { cgroup2Mount } from '../cgroup.ts';

export interface Surroundings {
  /** A tmpfs folder for mount points and short names. */
  scratch: string;
  /** The pid that the user sees for a pid of ours. */
  hostPid(pid: number): number;
}

/** Sets the surroundings up below `runDir` (the container's run folder). Throws SystemError where a mount is refused. */
export function isolate(runDir: string): Surroundings {
  const scratch = join(runDir, 'scratch');
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const hostProc = `/proc/self/fd/${openSync('/proc', 'r')}`;
  if (process.pid === 1) mount('proc', '/proc', { type: 'proc', flags: MS.NOSUID | MS.NODEV | MS.NOEXEC });
  else becomeSubreaper();
  mount('tmpfs', scratch, { type: 'tmpfs', flags: MS.NOSUID | MS.NODEV, data: 'mode=0700,size=16m' });
  unifyCgroups();
  return { scratch, hostPid: (pid) => pidInProc(pid, hostProc) ?? pid };
}

// crun refuses hosts that have both cgroup versions mounted; in here it sees version 2 alone.
function unifyCgroups(): void {
  const unified = cgroup2Mount();
  if (unified && unified !== '/sys/fs/cgroup') mount(unified, '/sys/fs/cgroup', { flags: MS.BIND | MS.REC });
}
