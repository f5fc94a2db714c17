// What ip prints when a line of a batch fails, as iproute2 6.1 words it, and the real ip where it needs no rights.
import { firstFailure, ipBatch } from '../../../../src/runtime/network/ip-batch.ts';

const lines = [
  { words: 'link add br-one type bridge', mayFail: /File exists/ },
  { words: 'rule add pref 100 iif br-one unreachable', mayFail: 'any' as const },
  { words: 'link set br-one up' },
];

test('nothing printed is no failure', () => {
  expect(firstFailure(lines, '')).toBeUndefined();
});

test('a line may fail in the words that it may fail in, and only in those', () => {
  expect(firstFailure(lines, 'RTNETLINK answers: File exists\nCommand failed -:1\n')).toBeUndefined();
  expect(firstFailure(lines, 'Error: Unknown device type.\nCommand failed -:1\n')).toEqual({
    words: 'link add br-one type bridge',
    reason: 'Error: Unknown device type.',
  });
});

test('a line that may fail in any words hides no later one', () => {
  const said = 'RTNETLINK answers: Operation not supported\nCommand failed -:2\nCannot find device "br-one"\nCommand failed -:3\n';
  expect(firstFailure(lines, said)).toEqual({ words: 'link set br-one up', reason: 'Cannot find device "br-one"' });
});

test('words that ip refuses before it asks the kernel have no line', () => {
  expect(firstFailure(lines, 'Error: argument "x" is wrong: Device does not exist\n\n')).toEqual({
    words: undefined,
    reason: 'Error: argument "x" is wrong: Device does not exist',
  });
});

test('ip is run once for all lines, and says which one failed', async () => {
  const { env } = process;
  expect(await ipBatch([{ words: 'link show lo' }, { words: 'rule show' }], { enter: [], env })).toBeUndefined();
  const missing = { words: 'link show dev nowhere0' };
  expect(await ipBatch([{ words: 'link show lo' }, missing], { enter: [], env })).toMatchObject({
    words: missing.words,
    reason: expect.stringContaining('nowhere0'),
  });
});
