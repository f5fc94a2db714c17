import { undelivered } from '../../../../src/runtime/network/drain.ts';

const HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const socket = (state: string, queues: string): string =>
  `   0: 0200630A:0050 020200C0:D2F6 ${state} ${queues} 01:00000014 00000000     0        0 0 3 0000\n`;

test.each(['04', '08', '09', '0B'])('a socket in state %s has something to deliver', (state) => {
  expect(undelivered(HEADER + socket('0A', '00000000:00000001') + socket(state, '00000010:00000001'))).toEqual({ sockets: 1, bytes: 17 });
});

test('the queues of all of them are added up', () => {
  expect(undelivered(HEADER + socket('04', '00000100:00000000') + socket('08', '00000000:00000010'))).toEqual({ sockets: 2, bytes: 272 });
});

test.each([
  ['listening', '0A'],
  ['established', '01'],
  ['with all acknowledged', '05'],
  ['lingering', '06'],
])('a socket %s has not', (_, state) => {
  expect(undelivered(HEADER + socket(state, '00000001:00000000'))).toBeUndefined();
});

test('an empty listing has nothing', () => {
  expect(undelivered('')).toBeUndefined();
});
