import { parseBytes, parseCpus } from '../../../../src/engine/create/sizes.ts';
import { parseTmpfs } from '../../../../src/engine/create/tmpfs-spec.ts';

test.each([
  ['0', 0],
  ['64', 64],
  ['64b', 64],
  ['1k', 1024],
  ['64M', 67108864],
  ['64mb', 67108864],
  ['64MiB', 67108864],
  ['1.5g', 1610612736],
  ['2 g', 2147483648],
])('%s is %d bytes', (text, expected) => {
  expect(parseBytes(text)).toBe(expected);
});

test.each([
  ['x', "invalid size: 'x'"],
  ['-1', "invalid size: '-1'"],
  ['', "invalid size: ''"],
  ['1z', "invalid suffix: 'z'"],
  ['1kk', "invalid suffix: 'kk'"],
])('%j is no size', (text, message) => {
  expect(() => parseBytes(text)).toThrow(message);
});

test.each([
  ['1', 1e9],
  ['0.5', 5e8],
  ['.25', 25e7],
  ['1/4', 25e7],
])('--cpus %s is %d billionths', (text, expected) => {
  expect(parseCpus(text)).toBe(expected);
});

test.each([
  ['x', 'failed to parse x as a rational number'],
  ['', 'failed to parse  as a rational number'],
  ['0.00000000001', 'value is too precise'],
])('--cpus %j is refused', (text, message) => {
  expect(() => parseCpus(text)).toThrow(message);
});

test('--tmpfs is a path and options', () => {
  expect(parseTmpfs('/run/')).toEqual(['/run', '']);
  expect(parseTmpfs('/run:rw,size=64m,mode=1777')).toEqual(['/run', 'rw,size=64m,mode=1777']);
});

test.each([
  ['run', "invalid mount path: 'run' mount path must be absolute"],
  ['/', "invalid specification: destination can't be '/'"],
  ['/run:foo', 'invalid tmpfs option ["foo"]'],
  ['/run:size', 'invalid tmpfs option ["size"]'],
])('--tmpfs %s is refused', (text, message) => {
  expect(() => parseTmpfs(text)).toThrow(message);
});
