import { logLimits } from '../../../src/runtime/log-limits.ts';

test.each([
  [
    { 'max-size': '10m', 'max-file': '5' },
    { maxSizeBytes: 10_485_760, maxFiles: 5 },
  ],
  [{ 'max-size': '1.5k' }, { maxSizeBytes: 1536 }],
  [{ 'max-size': '20KB' }, { maxSizeBytes: 20_480 }],
  [{ 'max-size': '300' }, { maxSizeBytes: 300 }],
  [{ 'max-size': '-1', 'max-file': '0' }, {}],
  [{}, {}],
])('%j is %j', (options, limits) => expect(logLimits(options)).toEqual(limits));
