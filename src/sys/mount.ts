// mount(2), umount2(2) and the namespace calls. They act on the calling thread, which in Bun is the one JavaScript runs on:
// synchronous fs calls and spawned children see the result, asynchronous fs calls (a thread pool) do not.
import { closeSync, openSync } from 'node:fs';
import { errnoOf } from './errors.ts';
import { c, check, cstr, ptr } from './ffi.ts';

export const MS = {
  RDONLY: 0x1,
  NOSUID: 0x2,
  NODEV: 0x4,
  NOEXEC: 0x8,
  REMOUNT: 0x20,
  BIND: 0x1000,
  REC: 0x4000,
  PRIVATE: 0x40000,
  SLAVE: 0x80000,
  SHARED: 0x100000,
} as const;

export const CLONE = {
  FS: 0x00000200,
  NEWNS: 0x00020000,
  NEWUTS: 0x04000000,
  NEWIPC: 0x08000000,
  NEWUSER: 0x10000000,
  NEWNET: 0x40000000,
} as const;

const MNT_DETACH = 2;

export interface MountOptions {
  type?: string;
  flags?: number;
  data?: string;
}

/** mount(2). Throws a SystemError that names the target. */
export function mount(source: string, target: string, options: MountOptions = {}): void {
  const type = options.type === undefined ? null : ptr(cstr(options.type));
  const data = options.data === undefined ? null : ptr(cstr(options.data));
  check(c.mount(ptr(cstr(source)), ptr(cstr(target)), type, BigInt(options.flags ?? 0), data), 'mount', target);
}

/** Detaches the mount at `target` at once, busy or not. */
export function detach(target: string): void {
  check(c.umount2(ptr(cstr(target)), MNT_DETACH), 'umount2', target);
}

/** The same, where there may be none. */
export function detachIfMounted(target: string): void {
  try {
    detach(target);
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** unshare(2) for this thread. */
export function unshare(flags: number): void {
  check(c.unshare(flags), 'unshare');
}

/** The name of this thread's UTS namespace. */
export function setHostname(name: string): void {
  const bytes = Buffer.from(name);
  check(c.sethostname(ptr(bytes), BigInt(bytes.length)), 'sethostname', name);
}

/** The NIS domain name of this thread's UTS namespace. */
export function setDomainname(name: string): void {
  const bytes = Buffer.from(name);
  check(c.setdomainname(ptr(bytes), BigInt(bytes.length)), 'setdomainname', name);
}

/** Joins the namespace that the file `path` stands for. */
export function setns(path: string, flags: number): void {
  const fd = openSync(path, 'r');
  try {
    enterNamespace(fd, flags);
  } finally {
    closeSync(fd);
  }
}

/** Joins the namespace that the descriptor stands for. Of a mount namespace, this thread's root and folder become those of it. */
export function enterNamespace(fd: number, flags: number): void {
  check(c.setns(fd, flags), 'setns');
}

/** Makes the current folder of this thread `path`. process.chdir would do, but refuses paths only this namespace has. */
export function chdir(path: string): void {
  check(c.chdir(ptr(cstr(path))), 'chdir', path);
}

const SYS_OPEN_TREE = 428;
const SYS_MOVE_MOUNT = 429;
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const OPEN_TREE_CLONE = 1;
const O_CLOEXEC = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;

/** A copy of the mount that holds `path`, attached nowhere yet: a descriptor for `attachMount`. Linux 5.2. */
export function cloneMount(path: string): number {
  const flags = OPEN_TREE_CLONE | O_CLOEXEC | AT_SYMLINK_NOFOLLOW;
  return check(c.syscall(BigInt(SYS_OPEN_TREE), BigInt(AT_FDCWD), BigInt(ptr(cstr(path))), BigInt(flags), 0n, 0n), 'open_tree', path);
}

/** Attaches a mount that `cloneMount` gave at `target`. The descriptor stays open. */
export function attachMount(fd: number, target: string): void {
  const [from, to] = [cstr(''), cstr(target)];
  const argv = [BigInt(fd), BigInt(ptr(from)), BigInt(AT_FDCWD), BigInt(ptr(to)), BigInt(MOVE_MOUNT_F_EMPTY_PATH)] as const;
  check(c.syscall(BigInt(SYS_MOVE_MOUNT), ...argv), 'move_mount', target);
}
