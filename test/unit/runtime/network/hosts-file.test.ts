import { hostnameFile, hostsFile, rehost, sharedHostsFile } from '../../../../src/runtime/network/hosts-file.ts';

const input = { hostname: 'web', domainname: '', addresses: ['10.99.0.2'], extraHosts: [], hostAddress: '192.0.2.9' };
const STANDARD = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];
const file = (...lines: string[]): string => [...STANDARD, ...lines, ''].join('\n');

test('the file has the standard names, the host and the container itself', () => {
  expect(hostsFile(input)).toBe(file('192.0.2.9\thost.docker.internal host.containers.internal', '10.99.0.2\tweb'));
});

test('a domain comes before the bare name, for each address', () => {
  const own = hostsFile({ ...input, domainname: 'example.org', addresses: ['10.99.0.2', 'fd00::2'], hostAddress: undefined });
  expect(own).toBe(file('10.99.0.2\tweb.example.org web', 'fd00::2\tweb.example.org web'));
});

test('without a network there is no entry for the container or the host', () => {
  expect(hostsFile({ ...input, addresses: [], hostAddress: undefined })).toBe(file());
});

test('--add-host takes both separators, IPv6, and host-gateway', () => {
  const extraHosts = ['db:198.51.100.7', 'cache=198.51.100.8', 'six:2001:db8::1', 'seven:[2001:db8::2]', 'me:host-gateway'];
  expect(hostsFile({ ...input, addresses: [], extraHosts })).toBe(
    file(
      '192.0.2.9\thost.docker.internal host.containers.internal',
      '198.51.100.7\tdb',
      '198.51.100.8\tcache',
      '2001:db8::1\tsix',
      '2001:db8::2\tseven',
      '192.0.2.9\tme',
    ),
  );
});

test("the user's own host.docker.internal replaces ours alone", () => {
  const extraHosts = ['host.docker.internal:198.51.100.7'];
  expect(hostsFile({ ...input, addresses: [], extraHosts })).toBe(
    file('192.0.2.9\thost.containers.internal', '198.51.100.7\thost.docker.internal'),
  );
});

test.each(['db', 'db:', ':198.51.100.7', 'db:nowhere', 'db:300.1.1.1'])('"%s" is refused as --add-host', (line) => {
  expect(() => hostsFile({ ...input, extraHosts: [line] })).toThrow(expect.objectContaining({ code: 'ERR_ADD_HOST', exitCode: 125 }));
});

test('host-gateway on a host without an address is refused', () => {
  expect(() => hostsFile({ ...input, extraHosts: ['me:host-gateway'], hostAddress: undefined })).toThrow(
    'Cannot find an address of this host for "me:host-gateway": it has none but loopback',
  );
});

test("in the host's network the file is the host's, and the host is loopback", () => {
  expect(sharedHostsFile('127.0.0.1 localhost\n192.0.2.1 printer', ['db:198.51.100.7'])).toBe(
    '127.0.0.1 localhost\n192.0.2.1 printer\n127.0.0.1\thost.docker.internal host.containers.internal\n198.51.100.7\tdb\n',
  );
});

test('/etc/hostname is the name and a newline', () => {
  expect(hostnameFile('web')).toBe('web\n');
});

test('the address of the host is changed where it stands for the host, and nowhere else', () => {
  const content = [
    '127.0.0.1\tlocalhost',
    '192.0.2.1\thost.docker.internal host.containers.internal',
    '192.0.2.1\tgate',
    '192.0.2.1\tdb',
    '10.99.0.2\tweb',
    '',
  ].join('\n');
  const extraHosts = ['gate:host-gateway', 'db:192.0.2.1'];
  expect(rehost(content, { from: '192.0.2.1', to: '198.51.100.1', extraHosts })).toBe(
    content.replace('192.0.2.1\thost', '198.51.100.1\thost').replace('192.0.2.1\tgate', '198.51.100.1\tgate'),
  );
});
