import { parsePs } from '../../../../src/engine/top/ps-output.ts';

const some = new Set([12, 14]);

test('keeps the lines of the processes, the last column with its blanks', () => {
  const text = 'UID          PID CMD\nroot           1 init\nme            12 sh -c  "a b"\nme            14 cat\n';
  expect(parsePs(text, some)).toEqual({
    titles: ['UID', 'PID', 'CMD'],
    rows: [
      ['me', '12', 'sh -c "a b"'],
      ['me', '14', 'cat'],
    ],
  });
});

test('keeps the threads below a process of theirs, and no others', () => {
  const text = 'PID STAT CMD\n1 - init\n- Ss -\n12 - sh\n- S -\n- S -\n13 - other\n- S -\n';
  expect(parsePs(text, some).rows).toEqual([
    ['12', '-', 'sh'],
    ['-', 'S', '-'],
    ['-', 'S', '-'],
  ]);
});

test('blanks that are not ASCII do not part columns', () => {
  expect(parsePs('PID CMD\n12 a\u00a0b\n', some).rows).toEqual([['12', 'a\u00a0b']]);
});

test.each([
  ['USER CMD\nroot init\n', "Couldn't find PID field in ps output"],
  ['', "Couldn't find PID field in ps output"],
  ['PID CMD\nx12 sh\n', "Unexpected pid 'x12' in what ps says"],
])('refuses %j', (text, message) => {
  expect(() => parsePs(text, some)).toThrow(message);
});
