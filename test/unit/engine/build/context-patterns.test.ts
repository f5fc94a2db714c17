import { flagMatcher, ignoreMatcher, type Matcher, type Verdict } from '../../../../src/engine/build/context/patterns.ts';

/** Whether the path is out, looked at folder by folder as a walk does. */
function isOut(matcher: Matcher, path: string): boolean {
  let verdict: Verdict | undefined;
  const names = Buffer.from(path).toString('latin1').split('/');
  for (const index of names.keys()) verdict = matcher.look(names.slice(0, index + 1).join('/'), verdict);
  return verdict?.isMatched === true;
}

const ignoring = (...patterns: string[]): Matcher => ignoreMatcher({ file: '.dockerignore', patterns });

it.each<[string, string[], { out: string[]; in: string[] }]>([
  ['a name is one at the root alone', ['a'], { out: ['a', 'a/b', 'a/b/c'], in: ['b/a', 'ab', 'A'] }],
  ['slashes and dots at the ends mean nothing', ['/a/', './b', 'c/.', 'd//e', 'f/../g'], { out: ['a', 'b', 'c', 'd/e', 'g'], in: ['f'] }],
  ['a star stops at a slash', ['*.c', 'x/*'], { out: ['m.c', '.c', 'x/y', 'x/y/z'], in: ['d/m.c', 'x'] }],
  [
    'two stars do not',
    ['**/m.c', 'x/**', 'y/**/z'],
    { out: ['m.c', 'd/m.c', 'd/e/m.c', 'x/y', 'x/y/z', 'y/z', 'y/a/b/z'], in: ['x', 'am.c', 'y/az'] },
  ],
  ['two stars and a name take its ending', ['**c'], { out: ['c', 'abc', 'd/abc'], in: ['cd'] }],
  ['two stars alone take all', ['**'], { out: ['a', 'a/b', '.x'], in: [] }],
  ['two stars before a wildcard', ['**/*.log', '**/t?p'], { out: ['a.log', 'x/y/a.log', 'tmp', 'x/tap'], in: ['a.logs', 'x/t/p'] }],
  ['two stars behind a part of a name', ['ab**'], { out: ['ab', 'abc', 'abc/d', 'ab/c'], in: ['a'] }],
  ['sets and question marks', ['[a-c].x', 'd?', '[^e]f'], { out: ['a.x', 'c.x', 'dd', 'xf'], in: ['d.x', 'd', 'd/', 'ef', 'ddd'] }],
  ['a question mark is a character, not a byte', ['?.txt'], { out: ['é.txt', '日.txt'], in: ['ab.txt'] }],
  ['backslashes take wildcards for themselves', ['\\*', 'a\\?', '\\!x'], { out: ['*', 'a?', '!x'], in: ['b', 'ab', 'x'] }],
  [
    'characters of regular expressions are themselves',
    ['a.b', 'c+d', '(e)', 'f|g', '$h', '{i}', '*.j$'],
    { out: ['a.b', 'c+d', '(e)', 'f|g', '$h', '{i}', 'x.j$'], in: ['axb', 'ccd', 'e', 'f', 'h'] },
  ],
  ['the last line that matches decides', ['*', '!a', 'a/b', '!a/b/c'], { out: ['x', 'a/b', 'a/b/d'], in: ['a', 'a/x', 'a/b/c'] }],
  ['an exception before its rule is none', ['!a', 'a'], { out: ['a'], in: [] }],
  ['an exception with wildcards', ['docs', '!docs/**/*.md'], { out: ['docs', 'docs/a', 'docs/x/a'], in: ['docs/a.md', 'docs/x/y/a.md'] }],
  ['comments, empty lines, blanks around', ['# a', '', '  b  ', '#c', ' #d'], { out: ['b', '#d'], in: ['a', 'c', '#c', '# a'] }],
  ['blanks behind an exclamation mark', ['*', '! a'], { out: ['b'], in: ['a'] }],
  ['a byte order mark', ['\ufeffa'], { out: ['a'], in: [] }],
  ['a dot is nothing', ['.'], { out: [], in: ['a', '.a'] }],
  ['above the context is nothing in it', ['../a'], { out: [], in: ['a'] }],
])('%s', (_title, patterns, expected) => {
  const matcher = ignoring(...patterns);
  expect(expected.out.filter((path) => !isOut(matcher, path))).toEqual([]);
  expect(expected.in.filter((path) => isOut(matcher, path))).toEqual([]);
});

it('knows which folders are worth going into for an exception', () => {
  const matcher = ignoring('*', '!a/b/c', '!d/*');
  expect(['a', 'a/b', 'a/b/c', 'd'].map((path) => matcher.mayTakeBack(path))).toEqual([true, true, true, true]);
  expect(['b', 'ab', 'a/x'].map((path) => matcher.mayTakeBack(path))).toEqual([false, false, false]);
  expect(ignoring('*', '!**/x').mayTakeBack('anything')).toBe(true);
  expect(ignoring('*').mayTakeBack('anything')).toBe(false);
});

it('names the line that decides', () => {
  const matcher = ignoring('# first', 'a', '', '!a/b', 'a/b/c');
  expect(['a/x', 'a/b', 'a/b/c', 'z'].map((path) => matcher.decisive(path)?.line)).toEqual([2, 4, 5, undefined]);
});

it.each([
  ['[a', '.dockerignore:1: syntax error in pattern: "[a"'],
  ['[]', '.dockerignore:1: syntax error in pattern: "[]"'],
  ['a\\', '.dockerignore:1: syntax error in pattern: "a\\"'],
  ['!', '.dockerignore:1: illegal exclusion pattern: "!"'],
])('refuses the line %s', (line, message) => {
  expect(() => ignoring(line)).toThrow(message);
});

it('reads patterns of flags without comments', () => {
  const matcher = flagMatcher('--exclude', ['#a', ' b ', '!b/c']);
  expect(['#a', 'b', 'b/c'].map((path) => isOut(matcher, path))).toEqual([true, true, false]);
});
