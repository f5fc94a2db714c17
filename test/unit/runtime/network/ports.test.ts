import {
  chooseAgain,
  fallbackNotes,
  type PortProbe,
  probeOnHost,
  publishedPorts,
  resolveBindings,
} from '../../../../src/runtime/network/ports.ts';
import type { PortBinding } from '../../../../src/storage/records.ts';

const request = (portBindings: Record<string, PortBinding[]>, more: { publishAll?: boolean; exposed?: Record<string, object> } = {}) => ({
  portBindings,
  publishAll: false,
  exposed: {},
  ...more,
});

/** Every port is free but `taken`; "any" gives 50001, 50002, … */
function fakeProbe(taken: number[] = []): PortProbe {
  let next = 50_000;
  return ({ hostPort }) => {
    if (taken.includes(hostPort)) return { errno: 'EADDRINUSE' };
    return { port: hostPort || ++next };
  };
}

test('a port asked for by number is taken as it is, without asking', () => {
  const never: PortProbe = () => {
    throw new Error('asked');
  };
  const bindings = { '80/tcp': [{ HostIp: '', HostPort: '8080' }], '53/udp': [{ HostIp: '::1', HostPort: '5353' }] };
  expect(resolveBindings(request(bindings), never)).toEqual([
    { proto: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 },
    { proto: 'udp', hostIp: '::1', hostPort: 5353, containerPort: 53 },
  ]);
});

test('no host port, 0 and an empty list mean any free one', () => {
  const bindings = { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }], '81/tcp': [{ HostIp: '', HostPort: '0' }], '82/tcp': [] };
  expect(resolveBindings(request(bindings), fakeProbe()).map(({ hostPort }) => hostPort)).toEqual([50_001, 50_002, 50_003]);
});

test('a range gives its first free port, and another one to the next container port', () => {
  const range = [{ HostIp: '', HostPort: '8000-8003' }];
  const found = resolveBindings(request({ '80/tcp': range, '81/tcp': range }), fakeProbe([8000, 8002]));
  expect(found.map(({ hostPort }) => hostPort)).toEqual([8001, 8003]);
});

test('a range without a free port is refused in the words of Docker', () => {
  const bindings = { '80/tcp': [{ HostIp: '', HostPort: '8000-8001' }] };
  expect(() => resolveBindings(request(bindings), fakeProbe([8000, 8001]))).toThrow(
    expect.objectContaining({
      code: 'ERR_PORT_IN_USE',
      exitCode: 125,
      message: 'Driver failed programming external connectivity: Bind for 0.0.0.0:8000 failed: port is already allocated',
    }),
  );
});

describe('a privileged port', () => {
  const strict =
    (taken: number[] = []): PortProbe =>
    (spec) =>
      spec.hostPort > 0 && spec.hostPort < 1024 ? { errno: 'EACCES' } : fakeProbe(taken)(spec);
  const bindings = { '80/tcp': [{ HostIp: '', HostPort: '80' }], '81/tcp': [{ HostIp: '', HostPort: '8081' }] };

  test('stays what it is without a fallback', () => {
    expect(resolveBindings(request(bindings), strict()).map(({ hostPort }) => hostPort)).toEqual([80, 8081]);
  });

  test('falls back to the one 8000 above, and others stay', () => {
    const specs = resolveBindings({ ...request(bindings), fallback: true }, strict());
    expect(specs.map(({ hostPort, insteadOf }) => [hostPort, insteadOf])).toEqual([
      [8080, 80],
      [8081, undefined],
    ]);
    expect(fallbackNotes(specs)).toEqual(['80/tcp is published on port 8080, as port 80 is privileged here']);
  });

  test('falls back to any where that one is taken', () => {
    expect(resolveBindings({ ...request(bindings), fallback: true }, strict([8080])).map(({ hostPort }) => hostPort)).toEqual([
      50_001, 8081,
    ]);
  });

  test('falls back to any where another port of the same request has that one', () => {
    const both = { '80/tcp': [{ HostIp: '', HostPort: '80' }], '8080/tcp': [{ HostIp: '', HostPort: '80' }] };
    expect(() => resolveBindings(request(both), strict())).toThrow('port is already allocated');
    expect(resolveBindings({ ...request(both), fallback: true }, strict()).map(({ hostPort }) => hostPort)).toEqual([8080, 50_001]);
  });

  test('in a range of nothing else is left for the check to refuse', () => {
    const range = { '80/tcp': [{ HostIp: '', HostPort: '80-82' }] };
    expect(resolveBindings(request(range), strict())).toEqual([{ proto: 'tcp', hostIp: '', hostPort: 80, containerPort: 80 }]);
    expect(resolveBindings({ ...request(range), fallback: true }, strict()).map(({ hostPort }) => hostPort)).toEqual([8080]);
  });
});

test('publishing all takes every exposed port that is not published otherwise', () => {
  const bindings = { '80/tcp': [{ HostIp: '', HostPort: '8080' }] };
  const found = resolveBindings(request(bindings, { publishAll: true, exposed: { '80/tcp': {}, '53/udp': {} } }), fakeProbe());
  expect(found.map(({ proto, hostPort, containerPort }) => [proto, hostPort, containerPort])).toEqual([
    ['tcp', 8080, 80],
    ['udp', 50_001, 53],
  ]);
});

test.each([
  ['', ''],
  ['', '127.0.0.1'],
  ['0.0.0.0', '192.0.2.1'],
  ['::', '::1'],
])('one host port twice on "%s" and "%s" collides', (one, other) => {
  const bindings = { '80/tcp': [{ HostIp: one, HostPort: '8080' }], '81/tcp': [{ HostIp: other, HostPort: '8080' }] };
  expect(() => resolveBindings(request(bindings), fakeProbe())).toThrow('port is already allocated');
});

test.each([
  ['127.0.0.1', '127.0.0.2'],
  ['127.0.0.1', '::1'],
  ['0.0.0.0', '::1'],
])('one host port on "%s" and on "%s" does not', (one, other) => {
  const bindings = { '80/tcp': [one, other].map((HostIp) => ({ HostIp, HostPort: '8080' })) };
  expect(resolveBindings(request(bindings), fakeProbe())).toHaveLength(2);
});

test('TCP and UDP do not collide', () => {
  const binding = [{ HostIp: '', HostPort: '53' }];
  expect(resolveBindings(request({ '53/tcp': binding, '53/udp': binding }), fakeProbe())).toHaveLength(2);
});

test('choosing again changes chosen ports alone', () => {
  const probe = fakeProbe();
  const bindings = { '80/tcp': [{ HostIp: '', HostPort: '8080' }], '81/tcp': [{ HostIp: '', HostPort: '' }] };
  const first = resolveBindings(request(bindings), probe);
  expect(chooseAgain(first, probe).map(({ hostPort }) => hostPort)).toEqual([8080, 50_002]);
});

test('all addresses are shown as Docker shows them, both families where both are bound', () => {
  const specs = resolveBindings(
    request({
      '80/tcp': [
        { HostIp: '', HostPort: '8080' },
        { HostIp: '::1', HostPort: '8081' },
      ],
    }),
    fakeProbe(),
  );
  expect(publishedPorts(specs, { ipv6: true })).toEqual({
    '80/tcp': [
      { HostIp: '0.0.0.0', HostPort: '8080' },
      { HostIp: '::', HostPort: '8080' },
      { HostIp: '::1', HostPort: '8081' },
    ],
  });
  expect(publishedPorts(specs, { ipv6: false })['80/tcp']?.[1]).toEqual({ HostIp: '::1', HostPort: '8081' });
});

describe('the kernel, asked', () => {
  const spec = { proto: 'tcp', hostIp: '127.0.0.1', hostPort: 0, containerPort: 80 } as const;

  test('gives a free port, and refuses it while someone listens there', () => {
    const found = probeOnHost(spec);
    const hostPort = 'port' in found ? found.port : 0;
    expect(hostPort).toBeGreaterThan(0);
    const listener = Bun.listen({ hostname: '127.0.0.1', port: hostPort, socket: { data() {} } });
    try {
      expect(probeOnHost({ ...spec, hostPort })).toEqual({ errno: 'EADDRINUSE' });
      expect(probeOnHost({ ...spec, hostIp: '', hostPort })).toEqual({ errno: 'EADDRINUSE' });
      expect(probeOnHost({ ...spec, hostIp: '127.0.0.2', hostPort })).toEqual({ port: hostPort });
      expect(probeOnHost({ ...spec, proto: 'udp', hostPort })).toEqual({ port: hostPort });
    } finally {
      listener.stop(true);
    }
  });

  test('refuses an address that this host does not have', () => {
    expect(probeOnHost({ ...spec, hostIp: '192.0.2.254' })).toEqual({ errno: 'EADDRNOTAVAIL' });
  });
});
