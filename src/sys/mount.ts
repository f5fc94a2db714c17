// mount(2), umount2(2) and the namespace calls. They act on the calling thread, which in Bun is the one JavaScript runs on:
// synchronous fs calls and spawned children see the result, asynchronous fs calls (a thread pool) do not.
import { closeSync, openSync } from 'node:fs';
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

export const CLONE = { NEWNS: 0x00020000, NEWUTS: 0x04000000, NEWUSER: 0x10000000, NEWNET: 0x40000000 } as const;

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

/** unshare(2) for this thread. */
export function unshare(flags: number): void {
  check(c.unshare(flags), 'unshare');
}

/** The name of this thread's UTS namespace. */
export function setHostname(name: string): void {
  const bytes = Buffer.from(name);
  check(c.sethostname(ptr(bytes), BigInt(bytes.length)), 'sethostname', name);
}

/** Joins the namespace that the file `path` stands for. */
export function setns(path: string, flags: number): void {
  const fd = openSync(path, 'r');
  try {
    check(c.setns(fd, flags), 'setns', path);
  } finally {
    closeSync(fd);
  }
}

/** Makes the current folder of this thread `path`. process.chdir would do, but refuses paths only this namespace has. */
export function chdir(path: string): void {
  check(c.chdir(ptr(cstr(path))), 'chdir', path);
}
