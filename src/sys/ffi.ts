// The C library, bound once. Everything that Node's fs and process lack goes through here; nothing outside sys/ sees bun:ffi.
// Each wrapper throws a SystemError with the errno's name, as node:fs does. errno is read right after the call, on the same thread.
import { dlopen, type Pointer, ptr as pointerTo, read } from 'bun:ffi';

const { symbols: c } = dlopen('libc.so.6', {
  __errno_location: { args: [], returns: 'ptr' },
  accept4: { args: ['i32', 'ptr', 'ptr', 'i32'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  chdir: { args: ['ptr'], returns: 'i32' },
  clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' },
  dup2: { args: ['i32', 'i32'], returns: 'i32' },
  execvp: { args: ['ptr', 'ptr'], returns: 'i32' },
  fchdir: { args: ['i32'], returns: 'i32' },
  fchownat: { args: ['i32', 'ptr', 'u32', 'u32', 'i32'], returns: 'i32' },
  fcntl: { args: ['i32', 'i32', 'u64'], returns: 'i32' },
  getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  ioctl: { args: ['i32', 'u64', 'ptr'], returns: 'i32' },
  kill: { args: ['i32', 'i32'], returns: 'i32' },
  lgetxattr: { args: ['ptr', 'ptr', 'ptr', 'u64'], returns: 'i64' },
  linkat: { args: ['i32', 'ptr', 'i32', 'ptr', 'i32'], returns: 'i32' },
  listen: { args: ['i32', 'i32'], returns: 'i32' },
  llistxattr: { args: ['ptr', 'ptr', 'u64'], returns: 'i64' },
  lsetxattr: { args: ['ptr', 'ptr', 'ptr', 'u64', 'i32'], returns: 'i32' },
  mknodat: { args: ['i32', 'ptr', 'u32', 'u64'], returns: 'i32' },
  mount: { args: ['ptr', 'ptr', 'ptr', 'u64', 'ptr'], returns: 'i32' },
  open: { args: ['ptr', 'i32', 'u32'], returns: 'i32' },
  openat: { args: ['i32', 'ptr', 'i32', 'u32'], returns: 'i32' },
  pipe2: { args: ['ptr', 'i32'], returns: 'i32' },
  poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' },
  prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
  pthread_sigmask: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  recvmsg: { args: ['i32', 'ptr', 'i32'], returns: 'i64' },
  setdomainname: { args: ['ptr', 'u64'], returns: 'i32' },
  sethostname: { args: ['ptr', 'u64'], returns: 'i32' },
  setns: { args: ['i32', 'i32'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  syncfs: { args: ['i32'], returns: 'i32' },
  syscall: { args: ['i64', 'i64', 'i64', 'i64', 'i64', 'i64'], returns: 'i64' },
  tcgetattr: { args: ['i32', 'ptr'], returns: 'i32' },
  tcsetattr: { args: ['i32', 'i32', 'ptr'], returns: 'i32' },
  umask: { args: ['u32'], returns: 'u32' },
  umount2: { args: ['ptr', 'i32'], returns: 'i32' },
  unshare: { args: ['i32'], returns: 'i32' },
  utimensat: { args: ['i32', 'ptr', 'ptr', 'i32'], returns: 'i32' },
  waitid: { args: ['i32', 'i32', 'ptr', 'i32'], returns: 'i32' },
  waitpid: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
});

/** The raw bindings, for the other modules of sys/ alone. */
export { c, type Pointer, read };

const KEPT = 32;
const kept: (NodeJS.TypedArray | undefined)[] = new Array(KEPT).fill(undefined);
let next = 0;

/**
 * A pointer to the bytes, for the call that follows. It keeps nothing alive by itself: what was made for a call alone could be collected, and its
 * memory be used again, before the call. So the last few are held here.
 */
export function ptr(data: NodeJS.TypedArray, offset = 0): Pointer {
  kept[next++ % KEPT] = data;
  return pointerTo(data, offset);
}

const errnoLocation = c.__errno_location() as Pointer;

/** errno of the last failed call on this thread. */
export function errno(): number {
  return read.i32(errnoLocation, 0);
}

const ERRNO_NAMES: Record<number, string> = {
  1: 'EPERM',
  2: 'ENOENT',
  3: 'ESRCH',
  4: 'EINTR',
  5: 'EIO',
  6: 'ENXIO',
  7: 'E2BIG',
  8: 'ENOEXEC',
  9: 'EBADF',
  10: 'ECHILD',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  14: 'EFAULT',
  16: 'EBUSY',
  17: 'EEXIST',
  18: 'EXDEV',
  19: 'ENODEV',
  20: 'ENOTDIR',
  21: 'EISDIR',
  22: 'EINVAL',
  23: 'ENFILE',
  24: 'EMFILE',
  25: 'ENOTTY',
  26: 'ETXTBSY',
  27: 'EFBIG',
  28: 'ENOSPC',
  30: 'EROFS',
  31: 'EMLINK',
  32: 'EPIPE',
  34: 'ERANGE',
  36: 'ENAMETOOLONG',
  38: 'ENOSYS',
  39: 'ENOTEMPTY',
  40: 'ELOOP',
  61: 'ENODATA',
  75: 'EOVERFLOW',
  87: 'EUSERS',
  95: 'EOPNOTSUPP',
  97: 'EAFNOSUPPORT',
  98: 'EADDRINUSE',
  99: 'EADDRNOTAVAIL',
  103: 'ECONNABORTED',
  107: 'ENOTCONN',
  111: 'ECONNREFUSED',
  116: 'ESTALE',
  122: 'EDQUOT',
};

/** errno of the last failed call on this thread, as `EACCES`. */
export function errnoName(): string {
  const number = errno();
  return ERRNO_NAMES[number] ?? `E${number}`;
}

/** A failed system call: `code` is the errno's name, as in node:fs. */
export class SystemError extends Error {
  readonly code: string;
  constructor(
    readonly syscall: string,
    readonly errno: number,
    readonly path?: string,
  ) {
    const code = ERRNO_NAMES[errno] ?? `E${errno}`;
    super(`${code}: ${syscall}${path === undefined ? '' : ` '${path}'`}`);
    this.name = 'SystemError';
    this.code = code;
  }
}

/** Passes a result through; throws on -1. */
export function check(result: number | bigint, syscall: string, path?: string): number {
  if (Number(result) === -1) throw new SystemError(syscall, errno(), path);
  return Number(result);
}

/** A NUL-terminated copy; a path given as bytes keeps them (file names need not be UTF-8). */
export function cstr(text: string | Uint8Array): Buffer {
  if (typeof text === 'string') return Buffer.from(`${text}\0`);
  const copy = Buffer.alloc(text.length + 1);
  copy.set(text);
  return copy;
}
