import { detachFilter, parseDetachKeys } from '../../../src/cli/detach-keys.ts';

const push = (filter: ReturnType<typeof detachFilter>, text: string) => {
  const { pass, isDetached } = filter.push(Buffer.from(text));
  return [Buffer.from(pass).toString(), isDetached];
};

test.each([
  ['ctrl-p,ctrl-q', [16, 17]],
  ['ctrl-@,ctrl-[,ctrl-_', [0, 27, 31]],
  ['a,ctrl-C', [97, 3]],
  ['', []],
])('%p is parsed', (text, keys) => expect(parseDetachKeys(text)).toEqual(keys));

test('an unknown key is refused with the text that was given', () => {
  expect(() => parseDetachKeys('ctrl-pp')).toThrow('Invalid detach keys "ctrl-pp": unknown key "ctrl-pp"');
});

test('the sequence detaches even when it comes in pieces, and is not passed on', () => {
  const filter = detachFilter([16, 17]);
  expect(push(filter, 'ab\x10')).toEqual(['ab', false]);
  expect(push(filter, '\x11')).toEqual(['', true]);
});

test('a broken sequence is passed on unchanged', () => {
  const filter = detachFilter([16, 17]);
  expect(push(filter, 'a\x10b')).toEqual(['a\x10b', false]);
  expect(push(filter, '\x10\x10\x11')).toEqual(['\x10', true]);
});

test('without keys nothing is held back', () => {
  expect(push(detachFilter([]), '\x10\x11')).toEqual(['\x10\x11', false]);
});
