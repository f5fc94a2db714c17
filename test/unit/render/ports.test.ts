import { displayPorts, type PortSummary, portSummaries } from '../../../src/render/ports.ts';

const port = (PrivatePort: number, PublicPort?: number, IP?: string, Type = 'tcp'): PortSummary => ({
  PrivatePort,
  Type,
  ...(PublicPort === undefined ? {} : { PublicPort }),
  ...(IP === undefined ? {} : { IP }),
});

// Expected texts are those of `docker ps` for the same list from the API.
test.each([
  ['none', [], ''],
  ['exposed only', [port(443)], '443/tcp'],
  ['a run of exposed ports', [port(9000), port(9002), port(9001), port(9005)], '9000-9002/tcp, 9005/tcp'],
  ['published', [port(80, 8080, '0.0.0.0'), port(80, 8080, '::')], '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp'],
  ['a run under the same numbers', [port(80, 80, '0.0.0.0'), port(81, 81, '0.0.0.0'), port(82, 82, '0.0.0.0')], '0.0.0.0:80-82->80-82/tcp'],
  ['a run under other numbers', [port(80, 8080, '0.0.0.0'), port(81, 8081, '0.0.0.0')], '0.0.0.0:8080->80/tcp, 0.0.0.0:8081->81/tcp'],
  ['ranges come before single mappings', [port(80, 8080, '0.0.0.0'), port(443)], '443/tcp, 0.0.0.0:8080->80/tcp'],
  [
    'a range that broke off comes first',
    [port(79), port(79, undefined, undefined, 'udp'), port(81, undefined, undefined, 'udp')],
    '79/udp, 79/tcp, 81/udp',
  ],
  ['protocols apart', [port(53, 53, '127.0.0.1', 'udp'), port(53, 53, '127.0.0.1')], '127.0.0.1:53->53/tcp, 127.0.0.1:53->53/udp'],
])('%s', (_, ports, expected) => {
  expect(displayPorts(ports)).toBe(expected);
});

test('the summary lists what is published, and what is exposed only, once', () => {
  const published = {
    '80/tcp': [
      { HostIp: '0.0.0.0', HostPort: '8080' },
      { HostIp: '::', HostPort: '8080' },
    ],
  };
  expect(portSummaries(published, { '80/tcp': {}, '53/udp': {} })).toEqual([
    { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
    { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
    { PrivatePort: 53, Type: 'udp' },
  ]);
});
