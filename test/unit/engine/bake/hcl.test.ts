import type { Value } from '../../../../src/engine/bake/hcl/ast.ts';
import { parseHcl } from '../../../../src/engine/bake/hcl/body.ts';
import { evaluate, type Scope } from '../../../../src/engine/bake/hcl/evaluate.ts';
import { EngineError } from '../../../../src/sys/errors.ts';

const VARIABLES: Record<string, Value> = {
  TAG: 'v1',
  empty: '',
  on: true,
  two: 2,
  list: ['a', 'b'],
  map: { x: 1, y: { z: 'deep' } },
  none: null,
};
const SCOPE: Scope = { variable: (name) => VARIABLES[name], call: () => undefined, names: () => Object.keys(VARIABLES) };

/** `§{` stands for `${`, which in a string is taken for a slip. */
const dollars = (text: string): string => text.replaceAll('§{', '${');

const worth = (text: string): Value => {
  const [attribute] = parseHcl(`a = ${dollars(text)}\n`, 'x.hcl').attributes;
  if (!attribute) throw new Error('no attribute');
  return evaluate(attribute.value, SCOPE);
};
const refusal = (text: string): string => {
  try {
    const { attributes } = parseHcl(dollars(text), 'x.hcl');
    for (const { value } of attributes) evaluate(value, SCOPE);
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
  return 'taken';
};

describe('expressions', () => {
  test.each<[string, Value]>([
    ['1 + 2 * 3 - 4 / 2 % 2', 7],
    ['(1 + 2) * -3', -9],
    ['1e3 + 0.5', 1000.5],
    ['!on || two >= 2 && TAG != "v2"', true],
    ['on ? "yes" : "no"', 'yes'],
    ['empty == "" ? two == 2 ? "both" : "one" : "none"', 'both'],
    ['two == "2"', false],
    ['[1, [2], {a = 3}]', [1, [2], { a: 3 }]],
    ['[\n1,\n2, # two\n]', [1, 2]],
    ['{ a = 1, "b c" : 2\n (TAG) = 3 }', { a: 1, 'b c': 2, v1: 3 }],
    ['list[1]', 'b'],
    ['map.y.z', 'deep'],
    ['map["y"]["z"]', 'deep'],
    ['[{n = 1}, {n = 2}][*].n', [1, 2]],
    ['[{n = 1}, {n = 2}].*.n', [1, 2]],
    ['none[*]', []],
    ['[for v in list : upper(v)]', ['A', 'B']],
    ['[for i, v in list : "§{i}§{v}" if v != "a"]', ['1b']],
    ['{for k, v in {a = "x", b = "y"} : v => k}', { x: 'a', y: 'b' }],
    ['{for v in ["aa", "ab", "b"] : substr(v, 0, 1) => v...}', { a: ['aa', 'ab'], b: ['b'] }],
    ['null', null],
  ])('%s', (text, value) => expect(worth(text)).toEqual(typeof value === 'string' ? dollars(value) : value));

  test('what comes last of a call may be spread', () => expect(worth('max([1, 3, 2]...)')).toBe(3));
});

describe('templates', () => {
  test.each<[string, Value]>([
    ['"a§{TAG}b§{1 + 1}"', 'av1b2'],
    ['"§{list}"', ['a', 'b']],
    ['"$§{TAG} %%{if} $5 100%"', '§{TAG} %{if} $5 100%'],
    ['"tab\\tquote\\" \\u00e9\\U0001F600"', 'tab\tquote" é😀'],
    ['"%{ if on }yes%{ else }no%{ endif }!"', 'yes!'],
    ['"%{ for v in list }<§{v}>%{ endfor }"', '<a><b>'],
    ['"a  §{~ TAG ~}  b"', 'av1b'],
    ['"nested §{"inner §{TAG}"}"', 'nested inner v1'],
    ['<<EOT\nline §{TAG}\n  two\nEOT', 'line v1\n  two\n'],
    ['<<-EOT\n    a\n      b\n\n    c\n    EOT', 'a\n  b\n\nc\n'],
  ])('%s', (text, value) => expect(worth(text)).toEqual(typeof value === 'string' ? dollars(value) : value));
});

describe('functions', () => {
  test.each<[string, Value]>([
    ['add(1, "2")', 3],
    ['and(true, false)', false],
    ['base64encode("a")', 'YQ=='],
    ['chomp("a\\n")', 'a'],
    ['coalesce("", null, "x")', 'x'],
    ['compact(["a", "", "b"])', ['a', 'b']],
    ['concat(list, ["c"])', ['a', 'b', 'c']],
    ['contains(list, "b")', true],
    ['distinct([1, 1, 2])', [1, 2]],
    ['element(list, 3)', 'b'],
    ['equal(TAG, "v1")', true],
    ['flatten([1, [2, [3]]])', [1, 2, 3]],
    ['format("%s:%03d:%5.1f|%-4s|%q|%v%%", "a", 7, 1.25, "b", "c", [1])', 'a:007:  1.3|b   |"c"|[1]%'],
    ['formatdate("DD MMM YYYY hh:mm ZZZ, EEEE \'at\' H aa", "2024-05-01T13:04:05Z")', '01 May 2024 13:04 UTC, Wednesday at 1 pm'],
    ['formatlist("%s-%s", list, "x")', ['a-x', 'b-x']],
    ['indexof(list, "b")', 1],
    ['join(",", list)', 'a,b'],
    ['jsonencode({a = 1})', '{"a":1}'],
    ['jsondecode("[1]")', [1]],
    ['keys({b = 1, a = 2})', ['a', 'b']],
    ['length("é€")', 2],
    ['length(list)', 2],
    ['lookup({a = 1}, "b", 2)', 2],
    ['lower("AB")', 'ab'],
    ['merge({a = 1}, {a = 2, b = 3})', { a: 2, b: 3 }],
    ['not(on)', false],
    ['notequal(1, 2)', true],
    ['or(false, on)', true],
    ['range(3)', [0, 1, 2]],
    ['regex("v(\\\\d)", TAG)', ['1']],
    ['regex_replace("a.b.c", "[.]", "-")', 'a-b-c'],
    ['regex_replace("ab", "(?P<x>a)(b)", "$§{2}$§{x}")', 'ba'],
    ['regexall("[a-z]", "a1b")', ['a', 'b']],
    ['replace("a.b", ".", "$&")', 'a$&b'],
    ['reverse("abc")', 'cba'],
    ['sanitize("a/b.c")', 'a_b_c'],
    [
      'setproduct(list, [1])',
      [
        ['a', 1],
        ['b', 1],
      ],
    ],
    ['sha256("")', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['slice([1, 2, 3], 1, 3)', [2, 3]],
    ['sort(["b", "a"])', ['a', 'b']],
    ['split(",", "a,b")', ['a', 'b']],
    ['substr("hello", -3, 2)', 'll'],
    ['timeadd("2024-05-01T00:00:00Z", "1h30m")', '2024-05-01T01:30:00Z'],
    ['title("hello world")', 'Hello World'],
    ['trim("..a..", ".")', 'a'],
    ['trimprefix("v1", "v")', '1'],
    ['trimsuffix("a.c", ".c")', 'a'],
    ['try(nope, map.nope, "last")', 'last'],
    ['can(map.x)', true],
    ['upper("a")', 'A'],
    ['values({b = 1, a = 2})', [2, 1]],
    ['zipmap(["a"], [1])', { a: 1 }],
  ])('%s', (text, value) => expect(worth(text)).toEqual(typeof value === 'string' ? dollars(value) : value));

  test('timestamp is the time', () => expect(String(worth('timestamp()'))).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/));
});

describe('mistakes carry file, line and column', () => {
  test.each([
    ['a =', 'x.hcl:1:4: A value is expected, not the end of the file'],
    ['a = [1', 'x.hcl:1:7: After an item comes "," or the end of the list: "]" is expected, not the end of the file'],
    ['\n  a = "x', 'x.hcl:2:7: This text has no closing quote'],
    ['a = 1 2', 'x.hcl:1:7: A new line is expected, not "2"'],
    ['b {', 'x.hcl:1:4: The block "b" of line 1 is not closed: "}" is expected, not the end of the file'],
    ['b ? {}', 'x.hcl:1:3: After "b" comes "=" or a block\'s label or "{", not "?"'],
    ['a = nope', 'x.hcl:1:5: There is no variable named "nope"'],
    ['a = uper(TAG)', 'x.hcl:1:5: There is no function named "uper"'],
    ['a = "§{1"', 'x.hcl:1:9: The template is not closed: "}" is expected, not """'],
    ['a = <<E\nx', 'x.hcl:1:5: The heredoc "E" has no end: its word, alone on a line'],
    ['a = map.q', 'x.hcl:1:8: The object has nothing named "q"'],
    ['a = list[2]', 'x.hcl:1:9: The list has no item 2: it has 2'],
    ['a = TAG.b', 'x.hcl:1:8: The text "v1" has no parts'],
    ['a = lower([])', 'x.hcl:1:5: Error in function call: lower: a text is needed, not a list'],
    ['a = lower()', 'x.hcl:1:5: Error in function call: lower: it takes 1, not 0 arguments'],
    ['a = 1\na = 2', 'x.hcl:2:1: The attribute "a" was set already, in line 1'],
    ['a = [for x in 3: x]', 'x.hcl:1:5: "for" goes over a list or an object, not the number 3'],
    ['a = {for v in ["a", "a"] : v => v}', 'x.hcl:1:28: Two items have the key "a"'],
    ['a = 1 / 0', 'x.hcl:1:5: Division by zero'],
    ['a = on + 1', 'x.hcl:1:5: A number is needed, not true'],
    ['a = "x" ? 1 : 2', 'x.hcl:1:5: True or false is needed, not the text "x"'],
    ['a = "\\q"', 'x.hcl:1:6: "\\q" is no escape of a text'],
    ['a = "%{ if on }x"', 'x.hcl:1:5: A template\'s "if" has no end'],
    ['a = "%{ loop }x"', 'x.hcl:1:6: "loop" is no directive of templates: there are if, else, endif, for and endfor'],
    ['/* c', 'x.hcl:1:1: This comment has no end'],
    ['}', 'x.hcl:1:1: An attribute or a block is expected, not "}"'],
  ])('%s', (text, message) => expect(refusal(text)).toBe(message));
});

test('blocks have labels, attributes and blocks, on one line too', () => {
  const body = parseHcl('target "a" {}\nvariable B { default = 1 }\nx = 1', 'x.hcl');
  expect(body.blocks.map(({ type, labels }) => [type, ...labels])).toEqual([
    ['target', 'a'],
    ['variable', 'B'],
  ]);
  expect(body.attributes.map(({ name, at }) => [name, at.line])).toEqual([['x', 3]]);
});
