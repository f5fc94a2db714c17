import { logLimits, parseLogSize } from '../../../src/runtime/log-limits.ts';

test.each([
  ['json-file', { 'max-size': '10m', 'max-file': '5' }, { maxSizeBytes: 10_000_000, maxFiles: 5 }],
  ['json-file', { 'max-size': '1.5k', compress: 'true' }, { maxSizeBytes: 1500, compress: true }],
  ['json-file', { compress: 'false' }, {}],
  ['json-file', {}, {}],
  ['local', {}, { maxSizeBytes: 20_971_520, maxFiles: 5, compress: true }],
  ['local', { 'max-size': '10m', 'max-file': '2', compress: 'false' }, { maxSizeBytes: 10_485_760, maxFiles: 2 }],
])('%s with %j: %j', (type, options, limits) => expect(logLimits(type, options)).toEqual(limits));

test.each([
  ['300', 300],
  ['20KB', 20_000],
  ['20 kib', 20_000],
  ['1.5GB', 1_500_000_000],
  ['-1', undefined],
  ['10x', undefined],
  ['', undefined],
])('"%s" is %s bytes', (text, bytes) => expect(parseLogSize('json-file', text)).toBe(bytes));
