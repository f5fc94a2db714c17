import { parseExpose, parsePublish } from '../../../../src/engine/create/port-spec.ts';

test.each([
  ['80', { '80/tcp': [{ HostIp: '', HostPort: '' }] }],
  ['8080:80', { '80/tcp': [{ HostIp: '', HostPort: '8080' }] }],
  ['8080:80/udp', { '80/udp': [{ HostIp: '', HostPort: '8080' }] }],
  ['8080:80/TCP', { '80/tcp': [{ HostIp: '', HostPort: '8080' }] }],
  ['127.0.0.1:8080:80', { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] }],
  ['127.0.0.1::80', { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] }],
  ['[::1]:8080:80', { '80/tcp': [{ HostIp: '::1', HostPort: '8080' }] }],
  ['::1:8080:80', { '80/tcp': [{ HostIp: '::1', HostPort: '8080' }] }],
  ['[::]::80/udp', { '80/udp': [{ HostIp: '::', HostPort: '' }] }],
  [':80', { '80/tcp': [{ HostIp: '', HostPort: '' }] }],
  ['0:80', { '80/tcp': [{ HostIp: '', HostPort: '' }] }],
  ['8000-8001:80-81', { '80/tcp': [{ HostIp: '', HostPort: '8000' }], '81/tcp': [{ HostIp: '', HostPort: '8001' }] }],
  ['8000-8009:80', { '80/tcp': [{ HostIp: '', HostPort: '8000-8009' }] }],
  ['80-81', { '80/tcp': [{ HostIp: '', HostPort: '' }], '81/tcp': [{ HostIp: '', HostPort: '' }] }],
])('-p %s', (spec, bindings) => {
  const exposed = Object.fromEntries(Object.keys(bindings).map((port) => [port, {}]));
  expect(parsePublish([spec])).toEqual({ bindings, exposed });
});

test('several bindings of one port are kept, "any free port" as often as it is asked for, a host port once', () => {
  const [any, range] = [
    { HostIp: '127.0.0.1', HostPort: '' },
    { HostIp: '', HostPort: '8000-8009' },
  ];
  expect(parsePublish(['127.0.0.1::80', '127.0.0.1::80', '8000-8009:80', '8000-8009:80']).bindings).toEqual({
    '80/tcp': [any, any, range, range],
  });
  expect(parsePublish(['1:80', '2:80', '1:80']).bindings).toEqual({
    '80/tcp': [
      { HostIp: '', HostPort: '1' },
      { HostIp: '', HostPort: '2' },
    ],
  });
});

test.each([
  ['a:80', 'Invalid hostPort: a'],
  ['99999:80', 'Invalid hostPort: 99999'],
  ['90-80:80', 'Invalid hostPort: 90-80'],
  ['8080:', 'No port specified: 8080:<empty>'],
  ['8080:x', 'Invalid containerPort: x'],
  ['0', 'Invalid containerPort: 0'],
  ['80/foo', 'Invalid proto: foo'],
  ['80/sctp', 'Invalid proto: sctp'],
  ['1.2.3:80:80', 'Invalid IP address: 1.2.3'],
  ['1.2.3.256:80:80', 'Invalid IP address: 1.2.3.256'],
  ['1:2:3:4', 'Invalid IP address: 1:2'],
  ['80-82:90-91', 'Invalid ranges specified for container and host Ports: 90-91 and 80-82'],
])('-p %s is refused', (spec, message) => {
  expect(() => parsePublish([spec])).toThrow(expect.objectContaining({ message, exitCode: 125 }));
});

test('--expose takes ports, ranges and protocols', () => {
  expect(parseExpose(['80', '90-91/udp', '80/tcp'])).toEqual({ '80/tcp': {}, '90/udp': {}, '91/udp': {} });
});

test.each([
  ['foo', 'Invalid range format for --expose: foo'],
  ['1-70000', 'Invalid range format for --expose: 1-70000'],
  ['80:80', 'Invalid port format for --expose: 80:80'],
])('--expose %s is refused', (spec, message) => {
  expect(() => parseExpose([spec])).toThrow(expect.objectContaining({ message, exitCode: 125 }));
});
