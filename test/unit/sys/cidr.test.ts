import { cidrText, contains, ipNumber, ipText, overlaps, parseCidr } from '../../../src/sys/cidr.ts';

const cidr = (text: string) => {
  const parsed = parseCidr(text);
  if (!parsed) throw new Error(`no subnet: ${text}`);
  return parsed;
};
const ip = (text: string) => {
  const parsed = ipNumber(text);
  if (!parsed) throw new Error(`no address: ${text}`);
  return parsed;
};

test.each([
  ['172.18.0.1', '172.18.0.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['FD00:0:0:1::00a', 'fd00:0:0:1::a'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['::ffff:1.2.3.4', '::ffff:102:304'],
])('the address %s is written as %s', (text, expected) => {
  expect(ipText(ip(text))).toBe(expected);
});

test.each(['172.18.0.0/16', '10.0.0.0/8', '0.0.0.0/0', '192.168.1.1/32', 'fd00::/64', '::/0', 'fd00::1/128'])(
  'the subnet %s is read and written as it was',
  (text) => {
    expect(cidrText(cidr(text))).toBe(text);
  },
);

test('host bits of a subnet are kept apart', () => {
  const { address, first, last, prefix } = cidr('10.1.2.3/24');
  expect([address, first, last].map((value) => ipText({ version: 4, value }))).toEqual(['10.1.2.3', '10.1.2.0', '10.1.2.255']);
  expect(prefix).toBe(24);
});

test.each(['', '10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0/24', 'fd00::/129', '10.0.0.0/24/8', '10.0.0.0/-1', 'x/8', '/8'])(
  '"%s" is no subnet',
  (text) => {
    expect(parseCidr(text)).toBeUndefined();
  },
);

test('subnets overlap when one lies in the other, and never across families', () => {
  expect(overlaps(cidr('10.0.0.0/8'), cidr('10.5.0.0/16'))).toBe(true);
  expect(overlaps(cidr('10.5.0.0/16'), cidr('10.0.0.0/8'))).toBe(true);
  expect(overlaps(cidr('10.0.0.0/24'), cidr('10.0.1.0/24'))).toBe(false);
  expect(overlaps(cidr('0.0.0.0/0'), cidr('::/0'))).toBe(false);
});

test('a subnet holds its first and its last address, and none beside', () => {
  const subnet = cidr('10.0.1.0/24');
  expect(['10.0.0.255', '10.0.1.0', '10.0.1.255', '10.0.2.0', '::a00:100'].map((text) => contains(subnet, ip(text)))).toEqual([
    false,
    true,
    true,
    false,
    false,
  ]);
});
