// The socket on which an OCI runtime hands over the master of the container's terminal (runtime-spec, --console-socket):
// one connection, one message with the descriptor as SCM_RIGHTS, which neither Node nor Bun can receive.
import { closeSync, openSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { c, check, ptr } from './ffi.ts';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;

export interface ConsoleSocket {
  /** The terminal's master, once the runtime has ended well: it has connected and sent by then. Throws when it has not. */
  receive(): number;
  /** The same as soon as the runtime has connected; undefined before. */
  poll(): number | undefined;
  close(): void;
}

/** Listens at `path`, however long it is: an address has room for 107 bytes, the way to it by its open folder is short. */
export function openConsoleSocket(path: string): ConsoleSocket {
  rmSync(path, { force: true });
  const folder = openSync(dirname(path), 'r');
  try {
    return listenAt(Buffer.byteLength(path) <= LONGEST ? path : `/proc/self/fd/${folder}/${basename(path)}`);
  } finally {
    closeSync(folder);
  }
}

const LONGEST = 107;

function listenAt(path: string): ConsoleSocket {
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  const fd = check(c.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), 'socket');
  check(c.bind(fd, ptr(address), 2 + Buffer.byteLength(path) + 1), 'bind', path);
  check(c.listen(fd, 1), 'listen', path);
  return {
    receive: () => receiveDescriptor(fd),
    poll: () => (isReadable(fd, 0) ? receiveDescriptor(fd) : undefined),
    close: () => closeSync(fd),
  };
}

function receiveDescriptor(listener: number): number {
  requireReadable(listener);
  const connection = check(c.accept4(listener, null, null, SOCK_CLOEXEC), 'accept4');
  try {
    requireReadable(connection);
    // struct msghdr, 64-bit: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48.
    const data = Buffer.alloc(256);
    const vector = Buffer.alloc(16);
    const control = Buffer.alloc(24);
    const message = Buffer.alloc(56);
    vector.writeBigUInt64LE(BigInt(ptr(data)), 0);
    vector.writeBigUInt64LE(BigInt(data.length), 8);
    message.writeBigUInt64LE(BigInt(ptr(vector)), 16);
    message.writeBigUInt64LE(1n, 24);
    message.writeBigUInt64LE(BigInt(ptr(control)), 32);
    message.writeBigUInt64LE(BigInt(control.length), 40);
    check(c.recvmsg(connection, ptr(message), 0x40000000 /* MSG_CMSG_CLOEXEC */), 'recvmsg');
    // struct cmsghdr: len 0, level 8, type 12, data 16.
    if (control.readInt32LE(8) !== SOL_SOCKET || control.readInt32LE(12) !== SCM_RIGHTS) throw new Error('The runtime sent no terminal');
    return control.readInt32LE(16);
  } finally {
    closeSync(connection);
  }
}

// One second is ample for what has been sent already, and keeps a silent runtime from stopping the supervisor.
function requireReadable(fd: number): void {
  if (!isReadable(fd, 1000)) throw new Error('The runtime sent no terminal');
}

function isReadable(fd: number, timeoutMs: number): boolean {
  const entry = Buffer.alloc(8);
  entry.writeInt32LE(fd, 0);
  entry.writeInt16LE(1 /* POLLIN */, 4);
  return check(c.poll(ptr(entry), 1n, timeoutMs), 'poll') > 0;
}
