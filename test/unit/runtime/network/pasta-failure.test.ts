// The outputs are those of the releases of 2023-03-09 and 2026-10-02.
import { pastaFailure, refusedPort } from '../../../../src/runtime/network/pasta-failure.ts';
import type { PortSpec } from '../../../../src/runtime/network/ports.ts';

const tcp: PortSpec = { proto: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 };
const udp: PortSpec = { proto: 'udp', hostIp: '192.0.2.9', hostPort: 8080, containerPort: 80 };
const six: PortSpec = { proto: 'tcp', hostIp: '::1', hostPort: 8081, containerPort: 80 };
const ports = [tcp, udp, six];

test.each([
  ["Failed to bind any port for '-t 8080:80', exiting\n", tcp],
  ["Failed to send 9 bytes to syslog\nFailed to bind any port for '-u 192.0.2.9/8080:80', exiting\n", udp],
  ["Failed to bind any port for '-t ::1/8081:80', exiting\n", six],
  ["Listen failed for HOST TCP port */8080: Address already in use\nCouldn't listen on requested ports\n", tcp],
  ['Listen failed for HOST UDP port 192.0.2.9/8080: Cannot assign requested address\n', udp],
  ['Listen failed for HOST TCP port ::1/8081: Address already in use\n', six],
])('%j is about its port', (output, port) => {
  expect(refusedPort(output, ports)).toBe(port);
});

test('other output is about no port', () => {
  expect(refusedPort('External interface not usable\n', ports)).toBeUndefined();
});

test('a port that someone took meanwhile is the error that Docker gives', () => {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  try {
    const spec: PortSpec = { proto: 'tcp', hostIp: '127.0.0.1', hostPort: listener.port, containerPort: 80 };
    expect(pastaFailure(`Failed to bind any port for '-t 127.0.0.1/${listener.port}:80', exiting\n`, [spec], 'web').message).toBe(
      `Driver failed programming external connectivity on endpoint web: Bind for 127.0.0.1:${listener.port} failed: port is already allocated`,
    );
  } finally {
    listener.stop(true);
  }
});

test('an IPv6 port that is free was refused for want of IPv6', () => {
  const free: PortSpec = { proto: 'udp', hostIp: '::1', hostPort: 0, containerPort: 80 };
  expect(pastaFailure("Failed to bind any port for '-u ::1/0:80', exiting\n", [free], 'web')).toMatchObject({
    code: 'ERR_PORT_ADDRESS',
    exitCode: 125,
    message: 'Cannot publish on "::1": this pasta needs an IPv6 default route on the host for it',
  });
});

test('an old pasta that cannot bind one port on two addresses is told apart', () => {
  expect(pastaFailure('Overlapping port specifier ::1/8080:80\n', ports, 'web')).toMatchObject({
    code: 'ERR_PORT_TWICE',
    exitCode: 125,
    message: 'Cannot publish "::1/8080:80": this pasta binds a host port on one address only',
  });
});

test.each([
  'Failed to open tun socket in namespace\n',
  'Failed to open() /dev/net/tun: No such file or directory\nFailed to set up tap device in namespace\n',
])('a missing tun device is told apart: %j', (output) => {
  expect(pastaFailure(output, [], 'web')).toMatchObject({
    code: 'ERR_NO_TUN',
    exitCode: 125,
    message: 'Cannot set up the container network: pasta cannot open /dev/net/tun',
  });
});

test('anything else is passed on without the noise', () => {
  const output = 'Failed to send 31 bytes to syslog\nSandbox says no\nFailed to sandbox process, exiting\n';
  expect(pastaFailure(output, [], 'web').message).toBe(
    'Cannot set up the container network: pasta failed: Sandbox says no; Failed to sandbox process, exiting',
  );
  expect(pastaFailure('', [], 'web').message).toBe('Cannot set up the container network: pasta failed: it said nothing');
});
