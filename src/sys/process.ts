// Processes beyond Bun.spawn: signals to anyone, reaping of orphans, pids of other pid namespaces, who a pid really is.
import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { c, check, errno, ptr } from './ffi.ts';
import { SIGTERM } from './signals.ts';

const SYS_PIDFD_OPEN = 434;
const P_ALL = 0;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const ESRCH = 3;
const PR_SET_CHILD_SUBREAPER = 36;
const PR_SET_PDEATHSIG = 1;
const SIG_BLOCK = 0;
const SIG_SETMASK = 2;
/** Bytes of glibc's sigset_t. */
const SIGNAL_SET_BYTES = 128;

/** Sends signal number `signal`; false when there is no such process. */
export function kill(pid: number, signal: number): boolean {
  if (c.kill(pid, signal) === 0) return true;
  if (errno() === ESRCH) return false;
  check(-1, 'kill', String(pid));
  return false;
}

/** A dead child that nobody waited for yet, left in place: its pid, or undefined. */
export function peekDeadChild(): number | undefined {
  const info = Buffer.alloc(128);
  if (c.waitid(P_ALL, 0, ptr(info), WEXITED | WNOHANG | WNOWAIT) !== 0) return undefined;
  const pid = info.readInt32LE(16);
  return pid === 0 ? undefined : pid;
}

/** Whether this process has children, dead ones that nobody waited for among them. */
export function hasChildren(): boolean {
  return c.waitid(P_ALL, 0, ptr(Buffer.alloc(128)), WEXITED | WNOHANG | WNOWAIT) === 0;
}

/** Pids of the children of a process (a pid, or `self`); none where the kernel does not tell. */
export function childrenOf(parent: string): number[] {
  const folder = `/proc/${parent}/task`;
  try {
    return readdirSync(folder).flatMap((thread) =>
      readFileSync(`${folder}/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Reaps `pid` without waiting; undefined while it lives (or is not ours). `code` is Docker's: 128+n for signal n. */
export function reap(pid: number): { code: number } | undefined {
  const status = Buffer.alloc(4);
  if (c.waitpid(pid, ptr(status), WNOHANG) !== pid) return undefined;
  const word = status.readInt32LE(0);
  const signal = word & 0x7f;
  return { code: signal === 0 ? (word >> 8) & 0xff : 128 + signal };
}

/** Makes this process the parent of its orphaned descendants. */
export function becomeSubreaper(): void {
  check(c.prctl(PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n), 'prctl');
}

/** Asks the kernel to send `signal` to this process when its parent dies. */
export function dieWithParent(signal: number): void {
  check(c.prctl(PR_SET_PDEATHSIG, BigInt(signal), 0n, 0n, 0n), 'prctl');
}

/**
 * The pid that `pid` (of our pid namespace) has in the pid namespace of the procfs mounted at `procRoot`, read from the pidfd's
 * fdinfo there. Undefined when the process is gone or the kernel has no pidfds (before 5.3).
 */
export function pidInProc(pid: number, procRoot: string): number | undefined {
  const fd = Number(c.syscall(BigInt(SYS_PIDFD_OPEN), BigInt(pid), 0n, 0n, 0n, 0n));
  if (fd < 0) return undefined;
  try {
    const match = /^Pid:\s*(-?\d+)$/m.exec(readFileSync(`${procRoot}/self/fdinfo/${fd}`, 'utf8'));
    const found = Number(match?.[1] ?? 0);
    return found > 0 ? found : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** Start time of `pid` in clock ticks since boot: with the pid it names one process for ever. Undefined when it is gone or a zombie. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/**
 * Starts a child, by `spawn`, that SIGTERM does not reach: it inherits the signal as blocked. For helpers that a system going down, which
 * signals every process at once, would take away before who needs them.
 */
export function deafToTerm<T>(spawn: () => T): T {
  const blocked = Buffer.alloc(SIGNAL_SET_BYTES);
  blocked.writeUInt32LE(1 << (SIGTERM - 1), 0);
  const before = Buffer.alloc(SIGNAL_SET_BYTES);
  c.pthread_sigmask(SIG_BLOCK, ptr(blocked), ptr(before));
  try {
    return spawn();
  } finally {
    c.pthread_sigmask(SIG_SETMASK, ptr(before), null);
  }
}

/** Whether our own user namespace is that of process `pid`. */
export function isInUserNamespaceOf(pid: number): boolean {
  try {
    return readlinkSync('/proc/self/ns/user') === readlinkSync(`/proc/${pid}/ns/user`);
  } catch {
    return false;
  }
}

/** The argv prefix that enters the mount namespace of process `pid`, and its user namespace unless we are in that; options may follow it. */
export function enterProcessArgv(pid: number): string[] {
  const user = isInUserNamespaceOf(pid) ? [] : ['--user', '--preserve-credentials'];
  return ['nsenter', '--target', String(pid), ...user, '--mount'];
}
