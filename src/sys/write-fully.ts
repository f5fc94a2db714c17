// Whole writes to a descriptor that somebody else opened: it may be a pipe, and one in which others asked for non-blocking writes.
import { writeSync } from 'node:fs';
import { errnoOf } from './errors.ts';
import { c, check, ptr } from './ffi.ts';

const POLLOUT = 4;
const WAIT_MS = 1000;

/** Writes all of `data`; waits for a slow reader. Throws the errno, EPIPE when the reader is gone. */
export function writeFully(fd: number, data: Uint8Array): void {
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(fd, data, at, data.length - at);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
      waitForRoom(fd);
    }
  }
}

function waitForRoom(fd: number): void {
  // struct pollfd
  const entry = Buffer.from(new ArrayBuffer(8));
  entry.writeInt32LE(fd, 0);
  entry.writeInt16LE(POLLOUT, 4);
  check(c.poll(ptr(entry), 1n, WAIT_MS), 'poll');
}
