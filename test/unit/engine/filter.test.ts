import { booleanFilter, labelsMatch, parseFilters, textMatches } from '../../../src/engine/filter.ts';

test('names are trimmed and lower-cased, values kept with their equals signs', () => {
  expect([...parseFilters([' Label =a=b', 'label=c'], ['label'])]).toEqual([['label', ['a=b', 'c']]]);
});

test.each([
  [['foo'], 'bad format of filter (expected name=value)', 125],
  [['foo=1'], "invalid filter 'foo'", 1],
])('%p is refused', (texts, message, exitCode) => {
  expect(() => parseFilters(texts, ['label'])).toThrow(expect.objectContaining({ message: expect.stringContaining(message), exitCode }));
});

test.each([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])('a yes or no given as %p', (text, expected) => {
  expect(booleanFilter(parseFilters([`dangling=${text}`], ['dangling']), 'dangling')).toBe(expected);
});

test('a yes or no that is neither is refused', () => {
  expect(() => booleanFilter(parseFilters(['dangling=maybe'], ['dangling']), 'dangling')).toThrow("invalid filter 'dangling=maybe'");
  expect(booleanFilter(new Map(), 'dangling')).toBeUndefined();
});

test.each([
  [['label=a'], true],
  [['label=a=1'], true],
  [['label=a=2'], false],
  [['label=a', 'label=b'], false],
  [['label=toString'], false],
])('labels {a: 1} against %p: %p', (texts, expected) => {
  expect(labelsMatch(parseFilters(texts, ['label']), { a: '1' })).toBe(expected);
});

test.each([
  [undefined, true],
  [['we'], true],
  [['^web$'], true],
  [['x', 'eb'], true],
  [['x'], false],
  [['('], false],
])('the name web against %p: %p', (wanted, expected) => {
  expect(textMatches(wanted, 'web')).toBe(expected);
});
