// Descriptors made and steered by hand: pipes whose ends go to different processes, close-on-exec, terminal sizes.
import { closeSync } from 'node:fs';
import { c, check, cstr, ptr } from './ffi.ts';

const O_CLOEXEC = 0o2000000;
const F_SETFD = 2;
const F_DUPFD_CLOEXEC = 1030;
const FD_CLOEXEC = 1;
const TIOCSWINSZ = 0x5414;
const FIONREAD = 0x541b;
const AT_FDCWD = -100;
const POLLERR = 8;
const POLLHUP = 16;
const S_IFIFO = 0o010000;

/** pipe2(2) with O_CLOEXEC on both ends (a spawned child gets its own copy without it). */
export function makePipe(): { read: number; write: number } {
  const pair = Buffer.alloc(8);
  check(c.pipe2(ptr(pair), O_CLOEXEC), 'pipe2');
  return { read: pair.readInt32LE(0), write: pair.readInt32LE(4) };
}

/** Keeps `fd` from children. */
export function closeOnExec(fd: number): void {
  check(c.fcntl(fd, F_SETFD, BigInt(FD_CLOEXEC)), 'fcntl');
}

/** Another descriptor of what `fd` is, kept from children. */
export function duplicate(fd: number): number {
  return check(c.fcntl(fd, F_DUPFD_CLOEXEC, 3n), 'fcntl');
}

/** Sets the size of the terminal behind `fd`; its foreground processes get SIGWINCH. */
export function setWindowSize(fd: number, size: { rows: number; columns: number }): void {
  const winsize = Buffer.alloc(8);
  winsize.writeUInt16LE(size.rows, 0);
  winsize.writeUInt16LE(size.columns, 2);
  check(c.ioctl(fd, BigInt(TIOCSWINSZ), ptr(winsize)), 'ioctl');
}

/** Makes the descriptor number `to` stand for what `from` is, and closes `from`. Close-on-exec. */
export function moveFd(from: number, to: number): void {
  check(c.dup2(from, to), 'dup2');
  closeSync(from);
  closeOnExec(to);
}

/** Makes a FIFO that only this user may open. */
export function makeFifo(path: string): void {
  check(c.mknodat(AT_FDCWD, ptr(cstr(path)), S_IFIFO | 0o600, 0n), 'mknodat', path);
}

/** Whether the other end of the pipe or socket `fd` is closed. */
export function isHungUp(fd: number): boolean {
  // struct pollfd; POLLERR and POLLHUP are told without being asked for.
  const entry = Buffer.alloc(8);
  entry.writeInt32LE(fd, 0);
  return check(c.poll(ptr(entry), 1n, 0), 'poll') > 0 && (entry.readInt16LE(6) & (POLLERR | POLLHUP)) !== 0;
}

/** How many bytes wait in the pipe behind `fd`. */
export function pendingBytes(fd: number): number {
  const count = Buffer.alloc(4);
  check(c.ioctl(fd, BigInt(FIONREAD), ptr(count)), 'ioctl');
  return count.readInt32LE(0);
}
