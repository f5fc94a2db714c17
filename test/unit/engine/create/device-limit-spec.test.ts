import { parseCpuList } from '../../../../src/engine/create/cpu-list.ts';
import { parseByteRate, parseOperationRate, parseWeightDevice } from '../../../../src/engine/create/device-limit-spec.ts';

test('rates take units, operations and weights do not', () => {
  expect(parseByteRate('/dev/sda:1mb')).toEqual({ Path: '/dev/sda', Rate: 1_048_576 });
  expect(parseOperationRate('/dev/sda:1000')).toEqual({ Path: '/dev/sda', Rate: 1000 });
  expect(parseWeightDevice('/dev/sda:10')).toEqual({ Path: '/dev/sda', Weight: 10 });
});

test.each([
  [parseByteRate, '/dev/sda', 'bad format: /dev/sda'],
  [parseByteRate, '/dev/sda:1:2', 'bad format: /dev/sda:1:2'],
  [parseByteRate, 'sda:1', 'bad format for device path: sda:1'],
  [
    parseByteRate,
    '/dev/sda:fast',
    'invalid rate for device: /dev/sda:fast. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb',
  ],
  [
    parseOperationRate,
    '/dev/sda:1k',
    'invalid rate for device: /dev/sda:1k. The correct format is <device-path>:<number>. Number must be a positive integer',
  ],
  [parseWeightDevice, '/dev/sda:9', 'invalid weight for device: /dev/sda:9'],
  [parseWeightDevice, '/dev/sda:1001', 'invalid weight for device: /dev/sda:1001'],
])('%p refuses %s', (parse: (text: string) => unknown, text, message) => {
  expect(() => parse(text)).toThrow(message);
});

test('a list of CPUs has ranges and single numbers, in any order', () => {
  expect(parseCpuList('5,0-2,1')).toEqual([0, 1, 2, 5]);
  expect(parseCpuList('')).toEqual([]);
});

test.each(['x', '3-1', '1,,2', '-1', '0-'])('"%s" is no list of CPUs', (text) => {
  expect(() => parseCpuList(text)).toThrow(`invalid format: ${text}`);
});
