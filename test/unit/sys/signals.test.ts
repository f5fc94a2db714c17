import { signalNumber } from '../../../src/sys/signals.ts';

test.each([
  ['SIGTERM', 15],
  ['term', 15],
  ['9', 9],
  ['RTMIN', 34],
  ['SIGRTMIN+3', 37],
  ['RTMAX-1', 63],
  ['WINCH', 28],
])('%s is %d', (name, number) => expect(signalNumber(name)).toBe(number));

test.each(['SIGNOPE', '0', '65', 'RTMIN+40', ''])('%p is refused', (name) => {
  expect(() => signalNumber(name)).toThrow(`Invalid signal: ${name}`);
});
