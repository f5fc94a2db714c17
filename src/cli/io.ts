// Standard output and error for commands. Writes are synchronous and whole, so nothing is lost when the process exits, on a pipe
// neither. A pipe may be non-blocking (some parents make it so): EAGAIN waits and goes on. A reader that left (`| head`) ends the
// command quietly. process.stdout and node:tty are avoided: they cost 6 ms to load.
import { fstatSync, writeSync } from 'node:fs';
import { errnoOf } from '../sys/errors.ts';
import type { Io } from './command.ts';

/** Thrown by `io.out` once nobody reads standard output. */
export class BrokenPipe extends Error {}

export function createIo(env: Readonly<Record<string, string | undefined>>): Io {
  return {
    out: (text) => writeWhole(1, text),
    err: (text) => writeWhole(2, text),
    get stdoutIsTerminal() {
      return isTerminal(1);
    },
    get stderrIsTerminal() {
      return isTerminal(2);
    },
    get stdinIsTerminal() {
      return isTerminal(0);
    },
    get columns() {
      return Number(env.COLUMNS) || (isTerminal(1) && process.stdout.columns) || 80;
    },
  };
}

/** Writes all of `text` to `fd`. Throws BrokenPipe when the reader of standard output is gone; a closed standard error is passed over. */
export function writeWhole(fd: 1 | 2, text: string | Uint8Array): void {
  let rest: Uint8Array = typeof text === 'string' ? Buffer.from(text) : text;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'EAGAIN') Bun.sleepSync(1);
      else if (fd === 2) return;
      else if (errno === 'EPIPE') throw new BrokenPipe();
      else throw error;
    }
  }
}

const MEM_DEVICES = 1;
const PTY_FIRST = 136;
const PTY_LAST = 143;

/** isatty(3) answered from the device number where that is certain: major 1 is /dev/null and its like, 136…143 are pseudo-terminals. */
export function isTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    if (!stat.isCharacterDevice()) return false;
    const major = (stat.rdev >> 8) & 0xfff;
    if (major === MEM_DEVICES) return false;
    if (major >= PTY_FIRST && major <= PTY_LAST) return true;
    return process.getBuiltinModule('node:tty').isatty(fd);
  } catch {
    return false;
  }
}
