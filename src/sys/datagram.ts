// A connected unix datagram socket that is only sent to, such as journald's. Never blocks: its reader may hang.

import { dlopen } from 'bun:ffi';
import { closeSync, writeSync } from 'node:fs';
import { errnoOf } from './errors.ts';
import { c, check, ptr } from './ffi.ts';

const { symbols: f } = dlopen('libc.so.6', { connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' } });

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

export interface DatagramSocket {
  /** False when the reader is behind: try again later. Throws the system's error, ECONNREFUSED when the reader is gone. */
  send(data: Uint8Array): boolean;
  close(): void;
}

/** Connects to the socket at `path`. Throws a SystemError: ENOENT, ECONNREFUSED, EACCES. */
export function connectDatagram(path: string): DatagramSocket {
  const fd = check(c.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), 'socket');
  // struct sockaddr_un
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  try {
    check(f.connect(fd, ptr(address), address.length), 'connect', path);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    send(data) {
      try {
        writeSync(fd, data);
        return true;
      } catch (error) {
        if (errnoOf(error) === 'EAGAIN') return false;
        throw error;
      }
    },
    close: () => closeSync(fd),
  };
}
