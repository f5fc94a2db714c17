// Expected texts are those of Docker's go-units.
import { ago, binarySize, humanDuration, humanSize } from '../../../src/render/human.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  [0, 'Less than a second'],
  [450, 'Less than a second'],
  [SECOND, '1 second'],
  [1999, '1 second'],
  [47 * SECOND, '47 seconds'],
  [59_999, '59 seconds'],
  [MINUTE, 'About a minute'],
  [119 * SECOND, 'About a minute'],
  [3 * MINUTE, '3 minutes'],
  [59 * MINUTE, '59 minutes'],
  [HOUR, 'About an hour'],
  [89 * MINUTE, 'About an hour'],
  [90 * MINUTE, '2 hours'],
  [35 * HOUR, '35 hours'],
  [47 * HOUR, '47 hours'],
  [47.5 * HOUR, '2 days'],
  [13 * DAY, '13 days'],
  [14 * DAY, '2 weeks'],
  [59 * DAY, '8 weeks'],
  [60 * DAY, '2 months'],
  [729 * DAY, '24 months'],
  [730 * DAY, '2 years'],
  [3 * 365 * DAY + 8 * HOUR, '3 years'],
])('%d ms is %p', (span, expected) => {
  expect(humanDuration(span)).toBe(expected);
});

test.each([
  [0, '0B'],
  [999, '999B'],
  [1000, '1kB'],
  [1024, '1.02kB'],
  [7_849_999, '7.85MB'],
  [7_800_000, '7.8MB'],
  [192_000_123, '192MB'],
  [999_499, '999kB'],
  [999_999, '1MB'],
  [3.42e9, '3.42GB'],
  [5.1e15, '5.1PB'],
])('%d bytes are %p', (bytes, expected) => {
  expect(humanSize(bytes)).toBe(expected);
});

test.each([
  [1023, '1023B'],
  [1024, '1KiB'],
  [8_000_000_000, '7.451GiB'],
  [67_108_864, '64MiB'],
])('%d bytes are %p in binary units', (bytes, expected) => {
  expect(binarySize(bytes)).toBe(expected);
});

test('a time is told as so long ago', () => {
  const now = new Date('2024-01-02T03:04:05Z');
  expect(ago('2024-01-02T03:01:05.123456789Z', now)).toBe('2 minutes ago');
  expect(ago('', now)).toBe('N/A');
});
