// Whether a port of this host can be bound, asked of the kernel by binding it for a moment: the only answer that counts the
// privileged range, addresses that are not ours, and sockets of other users alike.
import { closeSync } from 'node:fs';
import { c, check, errnoName, ptr } from './ffi.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

export interface ProbedPort {
  proto: 'tcp' | 'udp';
  /** 4 or 16 bytes, network order. */
  address: Uint8Array;
  /** 0: any free one. */
  port: number;
}

/** The port that could be bound, or the errno's name (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, …) that says why not. */
export function probePort({ proto, address, port }: ProbedPort): { port: number } | { errno: string } {
  const family = address.length === 4 ? AF_INET : AF_INET6;
  const socket = c.socket(family, (proto === 'tcp' ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  if (socket === -1) return { errno: errnoName() };
  try {
    const on = Buffer.from([1, 0, 0, 0]);
    // Connections that linger after their server has gone do not keep a port; a listener does, with this option too.
    if (proto === 'tcp') check(c.setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, ptr(on), 4), 'setsockopt');
    if (family === AF_INET6) check(c.setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, ptr(on), 4), 'setsockopt');
    const name = socketAddress(family, address, port);
    if (c.bind(socket, ptr(name), name.length) === -1) return { errno: errnoName() };
    const length = Buffer.from([name.length, 0, 0, 0]);
    check(c.getsockname(socket, ptr(name), ptr(length)), 'getsockname');
    return { port: name.readUInt16BE(2) };
  } finally {
    closeSync(socket);
  }
}

/** A UDP socket on an address and port that others may bind too (SO_REUSEADDR), or undefined when it cannot be had. */
export function bindUdp({ address, port, bothFamilies }: { address: Uint8Array; port: number; bothFamilies: boolean }): number | undefined {
  const family = address.length === 4 ? AF_INET : AF_INET6;
  const socket = c.socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket === -1) return undefined;
  const on = Buffer.from([1, 0, 0, 0]);
  c.setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, ptr(on), 4);
  if (family === AF_INET6) c.setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, ptr(bothFamilies ? Buffer.alloc(4) : on), 4);
  const name = socketAddress(family, address, port);
  if (c.bind(socket, ptr(name), name.length) === 0) return socket;
  closeSync(socket);
  return undefined;
}

// struct sockaddr_in (16 bytes) and sockaddr_in6 (28): family in host order, port and address in network order.
function socketAddress(family: number, address: Uint8Array, port: number): Buffer {
  const name = Buffer.alloc(family === AF_INET ? 16 : 28);
  name.writeUInt16LE(family, 0);
  name.writeUInt16BE(port, 2);
  name.set(address, family === AF_INET ? 4 : 8);
  return name;
}
