import { isLoopback, parseIp } from '../../../src/sys/ip.ts';

const hex = (text: string): string | undefined => {
  const bytes = parseIp(text);
  return bytes && Buffer.from(bytes).toString('hex');
};

test.each([
  ['0.0.0.0', '00000000'],
  ['192.0.2.1', 'c0000201'],
  ['::', '0'.repeat(32)],
  ['::1', `${'0'.repeat(31)}1`],
  ['fd5c:1f5f:99::2', 'fd5c1f5f009900000000000000000002'],
  ['2001:DB8:0:1:2:3:4:5', '20010db8000000010002000300040005'],
  ['1::', `0001${'0'.repeat(28)}`],
  ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
])('%s is read', (text, bytes) => {
  expect(hex(text)).toBe(bytes);
});

test.each([
  '',
  '1.2.3',
  '1.2.3.256',
  '1.2.3.4.5',
  'localhost',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1::2::3',
  '12345::',
  'fe80::1%eth0',
  '[::1]',
  '::1.2.3',
])('"%s" is no address', (text) => {
  expect(parseIp(text)).toBeUndefined();
});

test('loopback is all of 127.0.0.0/8 and ::1, and nothing else', () => {
  expect(['127.0.0.1', '127.0.0.53', '::1', '0:0:0:0:0:0:0:1'].filter((text) => !isLoopback(text))).toEqual([]);
  expect(['128.0.0.1', '10.0.0.1', '::', '::2', '1::1', 'localhost'].filter(isLoopback)).toEqual([]);
});
