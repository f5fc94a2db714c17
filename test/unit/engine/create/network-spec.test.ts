import { linkLocalAddress, macAddress, parseNetwork } from '../../../../src/engine/create/network-spec.ts';

const nothing = { aliases: [], linkLocalIps: [], driverOpts: {} };

test('a name alone is a network without more', () => {
  expect(parseNetwork('My-Net')).toEqual({ target: 'My-Net', ...nothing });
  expect(parseNetwork('container:web')).toEqual({ target: 'container:web', ...nothing });
});

test('the long form says all that one network is to have', () => {
  const long =
    'name=My-Net,alias=web,"alias=www",ip=172.20.0.5,ip6=fd00::5,mac-address=92-D0-c6-0a-29-33,link-local-ip=169.254.1.1,driver-opt=A=b=c,gw-priority=-3';
  expect(parseNetwork(long)).toEqual({
    target: 'My-Net',
    aliases: ['web', 'www'],
    ip: '172.20.0.5',
    ip6: 'fd00::5',
    mac: '92:d0:c6:0a:29:33',
    linkLocalIps: ['169.254.1.1'],
    driverOpts: { a: 'b=c' },
    gwPriority: -3,
  });
});

test.each([
  ['alias=web', 'network name/id is not specified'],
  ['name=a,web', 'invalid field web'],
  ['name=a,colour=red', 'invalid field key colour'],
  ['name=a,ip=1.2.3', 'invalid IPv4 address: 1.2.3'],
  ['name=a,ip=fd00::1', 'invalid IPv4 address: fd00::1'],
  ['name=a,ip6=10.0.0.1', 'invalid IPv6 address: 10.0.0.1'],
  ['name=a,alias=', 'invalid alias "": it must be a name without spaces'],
  ['name=a,alias=b c', 'invalid alias "b c": it must be a name without spaces'],
  ['name=a,gw-priority=high', 'invalid gw-priority: "high" must be a whole number'],
  ['name=a,driver-opt=x', 'invalid key value pair format in driver options'],
  ['name=a,link-local-ip=10.0.0.1', 'not a link-local IP address: 10.0.0.1'],
  ['name=a,mac-address=1:2', '1:2 is not a valid mac address'],
])('"%s" is refused', (text, why) => {
  expect(() => parseNetwork(text)).toThrow(why);
});

test('hardware addresses are six bytes of one interface', () => {
  expect(macAddress('02:42:AC:11:00:02')).toBe('02:42:ac:11:00:02');
  expect(() => macAddress('01:00:5e:00:00:01')).toThrow('01:00:5e:00:00:01 is a multicast address, which no interface can have');
  expect(() => macAddress('02:42:ac:11:00')).toThrow('02:42:ac:11:00 is not a valid mac address');
});

test('link-local addresses are those of their two ranges', () => {
  expect(['169.254.9.9', 'fe80::1', 'febf::1'].map(linkLocalAddress)).toEqual(['169.254.9.9', 'fe80::1', 'febf::1']);
  expect(() => linkLocalAddress('x')).toThrow('invalid link-local IP address: x');
});
