import { expandHeredoc, expandWord, expandWords, splitWords } from '../../../../src/engine/dockerfile/words.ts';

const VARIABLES = new Map([
  ['HOME', '/root'],
  ['EMPTY', ''],
  ['V', 'v1.2.3-rc.1'],
  ['PATHS', '/usr/lib:/usr/bin'],
  ['STARS', 'a***yy*'],
  ['BLANKS', 'one two  three'],
  ['FILE', 'dir/sub/name.tar.gz'],
  ['NEEDLE', '/usr'],
  ['한국', 'korean'],
  ['1', 'first'],
]);
const expand = (word: string): string => expandWord(word, VARIABLES);

describe('a word', () => {
  test.each([
    ['plain', 'plain'],
    ['', ''],
    ['$HOME', '/root'],
    [`\${HOME}`, '/root'],
    ['a$HOME/b', 'a/root/b'],
    ['$NONE', ''],
    [`a\${NONE}b`, 'ab'],
    ['$HOME$HOME', '/root/root'],
    ['$', '$'],
    ['a$.b', 'a$.b'],
    ['$1', 'first'],
    ['$1x', 'firstx'],
    ['$한국', 'korean'],
    ['\\$HOME', '$HOME'],
    ['\\\\$HOME', '\\/root'],
    ['\\a', 'a'],
    ['end\\', 'end'],
    ["'$HOME'", '$HOME'],
    ["'a\\b'", 'a\\b'],
    ["''", ''],
    ['"$HOME b"', '/root b'],
    ['"a\\"b"', 'a"b'],
    ['"a\\$HOME"', 'a$HOME'],
    ['"a\\\\b"', 'a\\b'],
    ['"a\\nb"', 'a\\nb'],
    [`"it's"`, "it's"],
    [`'say "hi"'`, 'say "hi"'],
    [`a'b'"c"d`, 'abcd'],
    ['a b', 'a b'],
  ])('%s', (word, expected) => {
    expect(expand(word)).toBe(expected);
  });
});

describe('a substitution', () => {
  test.each([
    [`\${HOME:-d}`, '/root'],
    [`\${EMPTY:-d}`, 'd'],
    [`\${NONE:-d}`, 'd'],
    [`\${EMPTY-d}`, ''],
    [`\${NONE-d}`, 'd'],
    [`\${NONE:-$HOME/x}`, '/root/x'],
    [`\${NONE:-\${OTHER:-deep}}`, 'deep'],
    [`\${NONE:-"a b"}`, 'a b'],
    [`\${NONE:-'$HOME'}`, '$HOME'],
    [`\${NONE:-\\}}`, '}'],
    [`\${NONE:-}`, ''],
    [`\${HOME:+s}`, 's'],
    [`\${EMPTY:+s}`, ''],
    [`\${NONE:+s}`, ''],
    [`\${EMPTY+s}`, 's'],
    [`\${NONE+s}`, ''],
    [`x\${EMPTY:+-$EMPTY}y`, 'xy'],
    [`\${HOME:?e}`, '/root'],
    [`\${HOME?e}`, '/root'],
    [`\${EMPTY?e}`, ''],
    [`\${V#v}`, '1.2.3-rc.1'],
    [`\${V#*.}`, '2.3-rc.1'],
    [`\${V##*.}`, '1'],
    [`\${V%.*}`, 'v1.2.3-rc'],
    [`\${V%%.*}`, 'v1'],
    [`\${V%%-*}`, 'v1.2.3'],
    [`\${V#x}`, 'v1.2.3-rc.1'],
    [`\${V#?}`, '1.2.3-rc.1'],
    [`\${V#}`, 'v1.2.3-rc.1'],
    [`\${V##}`, 'v1.2.3-rc.1'],
    [`\${V%}`, 'v1.2.3-rc.1'],
    [`\${V#*}`, 'v1.2.3-rc.1'],
    [`\${V##*}`, ''],
    [`\${FILE##*/}`, 'name.tar.gz'],
    [`\${FILE%/*}`, 'dir/sub'],
    [`\${FILE%%/*}`, 'dir'],
    [`\${STARS%%\\**\\*}`, 'a'],
    [`\${STARS%\\*}`, 'a***yy'],
    [`\${V#$NONE}`, 'v1.2.3-rc.1'],
    [`\${PATHS#$NEEDLE}`, '/lib:/usr/bin'],
    [`\${NONE#x}`, ''],
    [`\${PATHS/usr/opt}`, '/opt/lib:/usr/bin'],
    [`\${PATHS//usr/opt}`, '/opt/lib:/opt/bin'],
    [`\${PATHS//\\/usr/}`, '/lib:/bin'],
    [`\${PATHS/$NEEDLE/}`, '/lib:/usr/bin'],
    [`\${PATHS//$NEEDLE\\//-}`, '-lib:-bin'],
    [`\${V//./_}`, 'v1_2_3-rc_1'],
    [`\${V/-*/}`, 'v1.2.3'],
    [`\${V//[1]/x}`, 'v1.2.3-rc.1'],
    [`\${BLANKS// /+}`, 'one+two++three'],
    [`\${V/v/$HOME}`, '/root1.2.3-rc.1'],
    [`\${HOME///}`, '/root'],
    [`"\${V%%-*}"`, 'v1.2.3'],
    [`pre-\${V%%-*}.\${NONE:-x}`, 'pre-v1.2.3.x'],
  ])('%s', (word, expected) => {
    expect(expand(word)).toBe(expected);
  });
});

describe('is refused:', () => {
  test.each([
    ['"open', 'unexpected end of statement while looking for matching double-quote'],
    ["'open", 'unexpected end of statement while looking for matching single-quote'],
    [`\${`, "syntax error: missing '}'"],
    [`\${HOME`, "syntax error: missing '}'"],
    [`\${HOME:-x`, "syntax error: missing '}'"],
    [`\${HOME#x`, "syntax error: missing '}'"],
    [`\${HOME/a`, "syntax error: missing '/' in a substitution"],
    [`\${HOME/a/b`, "syntax error: missing '}'"],
    [`\${HOME//ab}`, "syntax error: missing '/' in a substitution"],
    [`\${}`, 'syntax error: bad substitution'],
    [`\${{HOME}}`, 'syntax error: bad substitution'],
    [`\${:-x}`, 'syntax error: bad substitution'],
    [`\${HOME=x}`, 'unsupported modifier (=) in substitution'],
    [`\${HOME:=x}`, 'unsupported modifier (:=) in substitution'],
    [`\${HOME^^}`, 'unsupported modifier (^) in substitution'],
    [`\${.x}`, 'unsupported modifier (.) in substitution'],
    [`\${NONE:?say it}`, 'NONE: say it'],
    [`\${NONE?}`, 'NONE: is not allowed to be unset'],
    [`\${EMPTY:?}`, 'EMPTY: is not allowed to be empty'],
    [`\${NONE:?$HOME is}`, 'NONE: /root is'],
    [`\${V#\\x}`, "invalid pattern (\\x) in substitution: invalid escape '\\x'"],
  ])('%s', (word, said) => {
    expect(() => expand(word)).toThrow(
      expect.objectContaining({ code: 'ERR_DOCKERFILE', message: `failed to process ${JSON.stringify(word)}: ${said}` }),
    );
  });
});

test("the file's own escape character takes the backslash's place", () => {
  const options = { escape: '`' } as const;
  expect(expandWord('`$HOME \\a', VARIABLES, options)).toBe('$HOME \\a');
  expect(expandWord('"`"" \\', VARIABLES, options)).toBe('" \\');
  expect(expandWord(`\${STARS%\`*}`, VARIABLES, options)).toBe('a***yy');
});

test('words that a variable brought are words of their own, those in quotes are not', () => {
  expect(expandWords('a$BLANKS "$BLANKS" x\\ y', VARIABLES)).toEqual(['aone', 'two', 'three', 'one two  three', 'x y']);
  expect(expandWords('$NONE', VARIABLES)).toEqual([]);
  expect(expandWords(' $BLANKS$HOME  x', VARIABLES)).toEqual(['one', 'two', 'three/root', 'x']);
  expect(expandWords('a" b"$HOME', VARIABLES)).toEqual(['a b/root']);
});

test('the text of a heredoc keeps its quotes', () => {
  expect(expandHeredoc(`a "$HOME" '$HOME'\n\\$HOME \${NONE:-"d"}\n`, VARIABLES)).toBe('a "/root" \'/root\'\n$HOME "d"\n');
});

test('each variable that is used is told of, set or not', () => {
  const used: [string, boolean][] = [];
  expandWord(`$HOME \${NONE:-$V} "\${EMPTY+x}" '$QUOTED' \\$ESCAPED`, VARIABLES, { onUse: (...use) => used.push(use) });
  expect(used).toEqual([
    ['HOME', true],
    ['V', true],
    ['NONE', false],
    ['EMPTY', true],
  ]);
});

test('cutting keeps quotes and escapes, and tells where words were', () => {
  expect(splitWords('  a="b c"  d\\ e\tf=\'g\'  \\')).toEqual([
    { word: 'a="b c"', at: 2 },
    { word: 'd\\ e', at: 11 },
    { word: "f='g'", at: 16 },
  ]);
});
