import { closeSync } from 'node:fs';
import { probeOnHost } from '../../../../src/runtime/network/ports.ts';
import { udpReturnSocket } from '../../../../src/runtime/network/udp-return.ts';

const spec = { proto: 'udp', hostIp: '127.0.0.1', hostPort: 0, containerPort: 9 } as const;
const free = (): number => {
  const found = probeOnHost(spec);
  if ('errno' in found) throw new Error(found.errno);
  return found.port;
};

test('a UDP port published under another number gets a socket of that number', () => {
  const hostPort = free();
  const fd = udpReturnSocket([{ ...spec, hostPort }], { ipv6: true });
  if (fd === undefined) throw new Error('No socket');
  try {
    expect(probeOnHost({ ...spec, hostPort })).toEqual({ errno: 'EADDRINUSE' });
  } finally {
    closeSync(fd);
  }
  expect(probeOnHost({ ...spec, hostPort })).toEqual({ port: hostPort });
});

test('an address that cannot be bound gives none', () => {
  expect(udpReturnSocket([{ ...spec, hostIp: '192.0.2.254', hostPort: 9999 }], { ipv6: false })).toBeUndefined();
});

test('TCP, and UDP under its own number, need none', () => {
  expect(udpReturnSocket([{ ...spec, proto: 'tcp', hostPort: 8080 }], { ipv6: true })).toBeUndefined();
  expect(udpReturnSocket([{ ...spec, hostPort: 9000, containerPort: 9000 }], { ipv6: true })).toBeUndefined();
});
