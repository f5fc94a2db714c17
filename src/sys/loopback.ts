// The loopback interface of this thread's network namespace. In a fresh one it is down, and then 127.0.0.0/8 is nobody's.
import { closeSync } from 'node:fs';
import { c, check, ptr } from './ffi.ts';

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
/** struct ifreq: 16 bytes of name, then the flags as a short. */
const IFREQ_BYTES = 40;

/** Brings it up, if it is not. Throws SystemError: EPERM without rights over the namespace. */
export function bringUpLoopback(): void {
  const socket = check(c.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), 'socket');
  try {
    const request = Buffer.alloc(IFREQ_BYTES);
    request.write('lo');
    check(c.ioctl(socket, BigInt(SIOCGIFFLAGS), ptr(request)), 'ioctl', 'lo');
    const flags = request.readInt16LE(16);
    if (flags & IFF_UP) return;
    request.writeInt16LE(flags | IFF_UP, 16);
    check(c.ioctl(socket, BigInt(SIOCSIFFLAGS), ptr(request)), 'ioctl', 'lo');
  } finally {
    closeSync(socket);
  }
}
