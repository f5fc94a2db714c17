// The supervisor's own surroundings: private mount and UTS namespaces and, where it is PID 1, a procfs of its pid namespace. All of it
// is gone with the process. The host's /proc stays reachable by an open descriptor, for the pids that the user sees.
// What the sandbox around us forbids (masked /proc, a seccomp filter) is found out here and told, so that nobody asks the runtime for it.
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ContainerRecord, HostConfig } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';
import { CLONE, MS, mount, setDomainname, setHostname, unshare } from '../../sys/mount.ts';
import { becomeSubreaper, pidInProc } from '../../sys/process.ts';
import { cgroup2Mount } from '../cgroup-tree.ts';
import { type Family, makeFamily } from '../family.ts';
import { joinedContainer } from '../spec/namespaces.ts';

export interface Surroundings {
  /** A tmpfs folder for mount points and short names. */
  scratch: string;
  /** The host's procfs, by a descriptor of this process. */
  hostProc: string;
  /** The pid that the user sees for a pid of ours. */
  hostPid(pid: number): number;
  /** No pid namespace of our own: nobody dies with us, and containers can have no /proc of their own. Then this is the container's. */
  family?: Family;
  canSetHostname: boolean;
  canSetSysctls: boolean;
}

/**
 * Sets the surroundings up below `runDir` (the container's run folder), in the host's UTS namespace if the container wants that. Throws
 * SystemError where a mount is refused, ERR_ALL_SHARED where no namespace is left that would tell whose a process is.
 */
export function isolate(runDir: string, { HostConfig: modes, Config }: Pick<ContainerRecord, 'HostConfig' | 'Config'>): Surroundings {
  const { scratch, hostProc, sharesPids } = surround(runDir);
  const ownUts = modes.UTSMode !== 'host';
  if (ownUts) unshare(CLONE.NEWUTS);
  const mayName = ownUts && canSetHostname();
  return {
    scratch,
    hostProc,
    hostPid: (pid) => pidInProc(pid, hostProc) ?? pid,
    ...(sharesPids ? { family: ownUts ? makeFamily('uts', () => mayName && setNames(Config)) : makeFamily(ownIpc(modes)) } : {}),
    canSetHostname: mayName,
    canSetSysctls: !sharesPids || !isReadOnly('/proc/sys'),
  };
}

/** What containers of one process can share: its mounts. */
function surround(runDir: string): { scratch: string; hostProc: string; sharesPids: boolean } {
  const scratch = join(runDir, 'scratch');
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const hostProc = `/proc/self/fd/${openSync('/proc', 'r')}`;
  const sharesPids = process.pid !== 1;
  if (sharesPids) becomeSubreaper();
  else mount('proc', '/proc', { type: 'proc', flags: MS.NOSUID | MS.NODEV | MS.NOEXEC });
  mount('tmpfs', scratch, { type: 'tmpfs', flags: MS.NOSUID | MS.NODEV, data: 'mode=0700,size=16m' });
  unifyCgroups();
  return { scratch, hostProc, sharesPids };
}

/**
 * For a process that runs many containers, side by side (a build): sets up once below `runDir` what they share, and gives each what is its
 * own. Throws SystemError where a mount is refused.
 */
export function isolateMany(runDir: string): (name: string, Config: ContainerRecord['Config']) => Surroundings {
  const { scratch, hostProc, sharesPids } = surround(runDir);
  unshare(CLONE.NEWUTS);
  const mayName = canSetHostname();
  return (name, Config) => {
    const own = join(scratch, name);
    mkdirSync(own, { mode: 0o700 });
    return {
      scratch: own,
      hostProc,
      hostPid: (pid) => pidInProc(pid, hostProc) ?? pid,
      ...(sharesPids ? { family: makeFamily('uts', () => mayName && setNames(Config)) } : {}),
      canSetHostname: mayName,
      canSetSysctls: !sharesPids || !isReadOnly('/proc/sys'),
    };
  };
}

// A user namespace within ours may not do it, and the runtime acts as its root.
function setNames({ Hostname, Domainname }: ContainerRecord['Config']): void {
  setHostname(Hostname);
  if (Domainname) setDomainname(Domainname);
}

function ownIpc({ IpcMode }: Pick<HostConfig, 'IpcMode'>): 'ipc' {
  if (IpcMode !== 'host' && joinedContainer(IpcMode) === undefined) return 'ipc';
  throw new EngineError('ERR_ALL_SHARED', "Cannot share the host's UTS namespace and an IPC namespace here, where pids are shared too", {
    hint: "Without one of them skiff could not tell which processes are the container's: leave out --uts or --ipc",
    exitCode: 125,
  });
}

// crun refuses hosts that have both cgroup versions mounted; in here it sees version 2 alone.
function unifyCgroups(): void {
  const unified = cgroup2Mount();
  if (unified && unified !== '/sys/fs/cgroup') mount(unified, '/sys/fs/cgroup', { flags: MS.BIND | MS.REC });
}

// Outer containers' seccomp filters forbid it to whom they did not give CAP_SYS_ADMIN, in a namespace of one's own too.
function canSetHostname(): boolean {
  try {
    setHostname(hostname());
    return true;
  } catch {
    return false;
  }
}

/** Whether the mount at `point` itself, if there is one, is read-only. */
export function isReadOnly(point: string, mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): boolean {
  const fields = mountinfo
    .split('\n')
    .map((line) => line.split(' '))
    .findLast((line) => line[4] === point);
  return fields?.[5]?.split(',').includes('ro') ?? false;
}
