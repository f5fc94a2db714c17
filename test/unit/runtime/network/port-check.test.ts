import { assertPortsFree } from '../../../../src/runtime/network/port-check.ts';

const spec = { proto: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 } as const;
const refuse = (errno: string) => () => ({ errno });

test('free ports pass', () => {
  expect(() => assertPortsFree([spec], { probe: () => ({ port: 8080 }) })).not.toThrow();
});

test('a port of a container of ours names that container', () => {
  expect(() => assertPortsFree([spec], { endpoint: 'web', containerAt: () => 'db', probe: refuse('EADDRINUSE') })).toThrow(
    expect.objectContaining({
      code: 'ERR_PORT_IN_USE',
      exitCode: 125,
      message: 'Driver failed programming external connectivity on endpoint web: Bind for 0.0.0.0:8080 failed: port is already allocated',
      hint: 'It is held by container db: stop that, or publish another host port',
    }),
  );
});

test('a port of a visible process names that process', () => {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  try {
    expect(() => assertPortsFree([{ ...spec, hostIp: '127.0.0.1', hostPort: listener.port }])).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(`It is held by process ${process.pid} (`) }),
    );
  } finally {
    listener.stop(true);
  }
});

test('a port whose holder cannot be seen says so in general words', () => {
  expect(() => assertPortsFree([{ ...spec, hostIp: '::1' }], { procRoot: '/nowhere', probe: refuse('EADDRINUSE') })).toThrow(
    expect.objectContaining({
      message: 'Driver failed programming external connectivity: Bind for [::1]:8080 failed: port is already allocated',
      hint: 'Stop what listens there, or publish another host port',
    }),
  );
});

test('a privileged port comes with the setting that allows it', () => {
  expect(() => assertPortsFree([{ ...spec, hostPort: 80 }], { procRoot: '/nowhere', probe: refuse('EACCES') })).toThrow(
    expect.objectContaining({
      code: 'ERR_PORT_PRIVILEGED',
      exitCode: 125,
      message: 'Driver failed programming external connectivity: cannot expose privileged port 80 (0.0.0.0:80/tcp): permission denied',
      hint:
        'Choose a host port from 1024 up, let --publish-fallback choose one, or allow low ports to everyone: sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80\n' +
        'To keep that over reboots: echo net.ipv4.ip_unprivileged_port_start=80 | sudo tee /etc/sysctl.d/90-low-ports.conf',
    }),
  );
});

test('of several privileged ports the setting allows the lowest', () => {
  const specs = [443, 80].map((hostPort) => ({ ...spec, hostPort }));
  expect(() => assertPortsFree(specs, { procRoot: '/nowhere', probe: refuse('EACCES') })).toThrow(
    expect.objectContaining({
      message: expect.stringContaining('cannot expose privileged port 443'),
      hint: expect.stringContaining('sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80\n'),
    }),
  );
});

test('an address that is not of this host is refused', () => {
  expect(() => assertPortsFree([{ ...spec, hostIp: '192.0.2.254' }])).toThrow(
    expect.objectContaining({
      code: 'ERR_PORT_ADDRESS',
      message:
        'Driver failed programming external connectivity: failed to bind host port for 192.0.2.254:8080/tcp: cannot assign requested address',
    }),
  );
});
