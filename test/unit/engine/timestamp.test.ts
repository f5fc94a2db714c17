import { parseSpan, parseTimestamp } from '../../../src/engine/timestamp.ts';

const now = new Date('2024-01-02T03:04:05.500Z');
const at = (text: string): bigint => parseTimestamp(text, { now, flag: 'since' });
const ns = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;

test.each([
  ['10m', ns('2024-01-02T02:54:05.500Z')],
  ['1h30m', ns('2024-01-02T01:34:05.500Z')],
  ['1.5s', ns('2024-01-02T03:04:04Z')],
  ['1700000000', 1700000000000000000n],
  ['1700000000.000000001', 1700000000000000001n],
  ['0', 0n],
  ['2024-01-02T00:00:00Z', ns('2024-01-02T00:00:00Z')],
  ['2024-01-02T01:00:00+01:00', ns('2024-01-02T00:00:00Z')],
  ['2024-01-02T00:00:00.123456789Z', ns('2024-01-02T00:00:00Z') + 123456789n],
  ['2024-01-02', ns('2024-01-02T00:00:00')],
  ['2024-01-02T10', ns('2024-01-02T10:00:00')],
  ['2024-01-02T10:11', ns('2024-01-02T10:11:00')],
  ['2024-01-02T10:11:12', ns('2024-01-02T10:11:12')],
])('%s is a point in time', (text, expected) => {
  expect(at(text)).toBe(expected);
});

test.each(['', 'foo', '10x', '2024-13-01', '-5'])('%p is none', (text) => {
  expect(() => at(text)).toThrow(`invalid value for "since": failed to parse value as time or duration: "${text}"`);
});

test.each([
  ['1h1m1s1ms1us1ns', 3_661_001_001_001],
  ['-1m', -60e9],
  ['.5h', 1800e9],
  ['0', 0],
  ['1', undefined],
  ['m', undefined],
])('the span %p', (text, expected) => {
  expect(parseSpan(text)).toBe(expected);
});
