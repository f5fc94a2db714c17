import { parseSubordinateIds } from '../../../src/runtime/idmap.ts';

test('ranges are found by name and by number, others and malformed lines are passed over', () => {
  const text = 'alice:100000:65536\n1000:300000:10\nbob:200000:65536\nalice:oops:1\nalice:500000\n\nalice:400000:0\n';
  expect(parseSubordinateIds(text, 1000, 'alice')).toEqual([
    [100000, 65536],
    [300000, 10],
  ]);
  expect(parseSubordinateIds(text, 7, 'nobody')).toEqual([]);
});
