// Raw mode and size of the caller's terminal (termios(3)), without node:tty, which costs 30 ms to load.
import { c, check, ptr } from './ffi.ts';

const TIOCGWINSZ = 0x5413;
const TCSANOW = 0;
/** sizeof(struct termios) of glibc is 60 on x86-64 and arm64. */
const TERMIOS_BYTES = 64;

export interface TerminalSize {
  rows: number;
  columns: number;
}

/** The size of the terminal behind `fd`, or undefined when it is none or says nothing. */
export function terminalSize(fd: number): TerminalSize | undefined {
  const winsize = Buffer.alloc(8);
  if (c.ioctl(fd, BigInt(TIOCGWINSZ), ptr(winsize)) !== 0) return undefined;
  const size = { rows: winsize.readUInt16LE(0), columns: winsize.readUInt16LE(2) };
  return size.rows > 0 && size.columns > 0 ? size : undefined;
}

/** Puts the terminal behind `fd` into raw mode; returns what puts it back, which may be called again and again. */
export function makeRaw(fd: number): () => void {
  const before = Buffer.alloc(TERMIOS_BYTES);
  check(c.tcgetattr(fd, ptr(before)), 'tcgetattr');
  const raw = Buffer.from(before);
  // cfmakeraw(3), by its manual page; output processing stays off as Docker has it.
  raw.writeUInt32LE(raw.readUInt32LE(0) & ~(0o1 | 0o2 | 0o10 | 0o40 | 0o100 | 0o200 | 0o400 | 0o2000), 0);
  raw.writeUInt32LE(raw.readUInt32LE(4) & ~0o1, 4);
  raw.writeUInt32LE((raw.readUInt32LE(8) & ~(0o60 | 0o400)) | 0o60, 8);
  raw.writeUInt32LE(raw.readUInt32LE(12) & ~(0o10 | 0o100 | 0o2 | 0o1 | 0o100000), 12);
  check(c.tcsetattr(fd, TCSANOW, ptr(raw)), 'tcsetattr');
  return () => {
    c.tcsetattr(fd, TCSANOW, ptr(before));
  };
}

/** What is typed on the terminal behind `fd` is not shown, and comes byte by byte, ^C too; returns what puts it back. */
export function hideInput(fd: number): () => void {
  const before = Buffer.alloc(TERMIOS_BYTES);
  check(c.tcgetattr(fd, ptr(before)), 'tcgetattr');
  const hidden = Buffer.from(before);
  // ISIG, ICANON and ECHO.
  hidden.writeUInt32LE(hidden.readUInt32LE(12) & ~(0o1 | 0o2 | 0o10), 12);
  check(c.tcsetattr(fd, TCSANOW, ptr(hidden)), 'tcsetattr');
  return () => {
    c.tcsetattr(fd, TCSANOW, ptr(before));
  };
}
