import { hasWildcard, isGoodPattern, matchName } from '../../../../src/engine/build/copy/go-match.ts';

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

// The table of Go's own documentation and tests, for one name.
it.each<[string, string, boolean]>([
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'abc', true],
  ['a*', 'ab/c', false],
  ['a*b*c*d*e*', 'axbxcxdxe', true],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzy', false],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^b-d]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a☺b', true],
  ['a[^a]b', 'a☺b', true],
  ['a???b', 'a☺b', false],
  ['[a-ζ]*', 'α', true],
  ['*[a-ζ]', 'A', false],
  ['a?b', 'a/b', false],
  ['[\\]a]', ']', true],
  ['[\\-]', '-', true],
  ['[x\\-]', 'x', true],
  ['[x\\-]', '-', true],
  ['[x\\-]', 'z', false],
  ['[\\-x]', 'a', false],
  ['*x', 'xxx', true],
  ['[]a]', ']', false],
  ['[-]', '-', false],
  ['[x-]', 'x', false],
  ['[-x]', 'x', false],
  ['[', 'a', false],
  ['[^', 'a', false],
  ['[^bc', 'a', false],
  ['a[', 'ab', false],
  ['**', 'ab', true],
])('%s on %s: %s', (pattern, name, matches) => {
  expect(matchName(pattern, bytes(name))).toBe(matches);
});

it('knows malformed patterns, also where nothing would be matched with them', () => {
  expect(['a[', '[]a]', '[-]', '[x-]', 'a\\', '[^bc'].map(isGoodPattern)).toEqual([false, false, false, false, false, false]);
  expect(['a', '*', '[a-c]x?', '\\['].map(isGoodPattern)).toEqual([true, true, true, true]);
});

it('sees wildcards that are not escaped', () => {
  expect(['a*', 'a?', '[a]', 'a\\*', 'a\\\\*', 'plain'].map(hasWildcard)).toEqual([true, true, true, false, true, false]);
});
