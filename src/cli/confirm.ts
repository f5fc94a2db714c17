// The question before something is removed for good, in Docker's words.
import { readSync } from 'node:fs';
import { errnoOf } from '../sys/errors.ts';
import type { Io } from './command.ts';

/** Prints `warning` and asks; true for a `y`. An input that has ended is a no. */
export function confirm(io: Io, warning: string): boolean {
  io.out(`${warning}\nAre you sure you want to continue? [y/N] `);
  return readLine().trim().toLowerCase() === 'y';
}

/** Byte by byte: what follows the answer is not ours to take. */
function readLine(): string {
  const byte = Buffer.alloc(1);
  let line = '';
  for (;;) {
    try {
      if (readSync(0, byte) === 0) return line;
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') return line;
      Bun.sleepSync(10);
      continue;
    }
    if (byte[0] === 0x0a) return line;
    line += byte.toString('latin1');
  }
}
