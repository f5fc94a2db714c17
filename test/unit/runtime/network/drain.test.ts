import { hasUnacknowledged } from '../../../../src/runtime/network/drain.ts';

const HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const socket = (state: string): string =>
  `   0: 0200630A:0050 020200C0:D2F6 ${state} 00000004:00000000 01:00000014 00000000     0        0 0 3 0000\n`;

test.each(['04', '09', '0B'])('a socket in state %s waits for the peer', (state) => {
  expect(hasUnacknowledged(HEADER + socket('0A') + socket(state))).toBe(true);
});

test.each([
  ['listening', '0A'],
  ['established, so still a program has it', '01'],
  ['with all delivered', '05'],
  ['lingering', '06'],
])('a socket %s does not', (_, state) => {
  expect(hasUnacknowledged(HEADER + socket(state))).toBe(false);
});

test('an empty listing does not', () => {
  expect(hasUnacknowledged('')).toBe(false);
});
