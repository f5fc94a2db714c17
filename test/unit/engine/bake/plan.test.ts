import { readDefinition } from '../../../../src/engine/bake/definition.ts';
import type { BakeFile } from '../../../../src/engine/bake/files.ts';
import type { TargetFields } from '../../../../src/engine/bake/model.ts';
import { parseOverride } from '../../../../src/engine/bake/overrides.ts';
import { planBake } from '../../../../src/engine/bake/plan.ts';

type Env = Record<string, string>;
interface Asked {
  names?: string[];
  set?: string[];
  env?: Env;
  variables?: Env;
}

const hcl = (text: string, name = 'docker-bake.hcl'): BakeFile => ({ name, kind: 'hcl', text });
/** `§{` stands for `${`, which in a string is taken for a slip. */
const dollars = (text: string): string => text.replaceAll('§{', '${');
const json = (value: object): BakeFile => ({ name: 'docker-bake.json', kind: 'json', text: dollars(JSON.stringify(value, null, 1)) });
const compose = (text: string): BakeFile => ({ name: 'compose.yaml', kind: 'compose', text: dollars(text) });

async function plan(files: BakeFile[], { names = [], set = [], env = {}, variables = {} }: Asked = {}) {
  const definition = await readDefinition({ env }, files, variables);
  return planBake(definition, { names, overrides: set.map(parseOverride), env });
}
async function fieldsOf(files: BakeFile[], name: string, asked: Asked = {}): Promise<TargetFields | undefined> {
  const { targets } = await plan(files, { ...asked, names: [name] });
  return targets.find((target) => target.name === name)?.fields;
}
const refusal = (files: BakeFile[], asked?: Asked): Promise<string> =>
  plan(files, asked).then(
    () => 'taken',
    (error: Error) => error.message,
  );

describe('variables', () => {
  const file = hcl(`
    variable "S" { default = "s" }
    variable "N" { default = 1 }
    variable "B" { default = false }
    variable "L" {
      type = list(string)
      default = ["a"]
    }
    variable "DERIVED" { default = "\${S}-\${N + 1}" }
    variable "NONE" {}
    glob = upper(S)
    target "t" { args = { S = S, N = N, B = B, L = join("/", L), D = DERIVED, X = NONE, G = glob } }
  `);

  test('have their defaults, made of others too', async () => {
    expect((await fieldsOf([file], 't'))?.args).toEqual({ S: 's', N: '1', B: 'false', L: 'a', D: 's-2', X: '', G: 'S' });
  });

  test('take the environment’s value in their type, and --var’s before that', async () => {
    const env = { S: 'e', N: '5', B: '1', L: 'x,y' };
    const args = (await fieldsOf([file], 't', { env, variables: { S: 'v' } }))?.args;
    expect(args).toMatchObject({ S: 'v', N: '5', B: 'true', L: 'x/y', D: 'v-6', G: 'V' });
  });

  test.each<[string, Asked, string]>([
    [
      'variable "N" { default = 1 }',
      { env: { N: 'x' } },
      'docker-bake.hcl:1:1: The variable "N" must be number: a number is needed, not the text "x"',
    ],
    [
      'variable "A" { default = B }\nvariable "B" { default = A }',
      {},
      'docker-bake.hcl:1:1: Variables need each other in a circle: A → B → A',
    ],
    [
      'variable "A" {\n validation {\n condition = A != ""\n error_message = "A is needed"\n }\n}',
      {},
      'docker-bake.hcl:3:14: Validation failed: A is needed',
    ],
    ['variable "A" { defalut = 1 }', {}, 'docker-bake.hcl:1:16: Unsupported argument: an argument named "defalut" is not expected here'],
  ])('%s', async (text, asked, message) => expect(await refusal([hcl(text)], asked)).toBe(message));
});

test('functions of the file take their parameters, the rest too', async () => {
  const file = hcl(`
    function "tag" {
      params = [name]
      variadic_params = rest
      result = "\${name}:\${join(".", rest)}"
    }
    target "t" { tags = [tag("a", "1", "2")] }
  `);
  expect((await fieldsOf([file], 't'))?.tags).toEqual(['a:1.2']);
  expect(await refusal([hcl('function "f" {\n params = [a]\n result = a\n}\ntarget "default" { tags = [f()] }')])).toBe(
    'docker-bake.hcl:5:28: Error in function call: f: it takes 1 argument, not 0',
  );
});

test('inheritance: maps are merged, lists of caches grow, the rest is replaced; the nearest wins', async () => {
  const file = hcl(`
    target "a" {
      args = { X = "a", Y = "a" }
      tags = ["a"]
      cache-from = ["a"]
      platforms = ["linux/amd64"]
    }
    target "b" { args = { Y = "b" } }
    target "c" {
      inherits = ["a", "b"]
      args = { Z = "c" }
      tags = ["c", "c"]
      cache-from = ["c"]
    }
  `);
  expect(await fieldsOf([file], 'c')).toEqual({
    args: { X: 'a', Y: 'b', Z: 'c' },
    tags: ['c'],
    'cache-from': [
      { ref: 'a', type: 'registry' },
      { ref: 'c', type: 'registry' },
    ],
    platforms: ['linux/amd64'],
    context: '.',
    dockerfile: 'Dockerfile',
  });
});

test('a later file overrides attribute by attribute, of JSON and HCL alike, which share variables', async () => {
  const files = [
    json({ variable: { V: { default: '1' } }, target: { t: { tags: ['app:§{V}'], args: { A: '§{upper("a")}' } } } }),
    hcl('target "t" {\n target = V == "1" ? "one" : "other"\n args = { B = "b" }\n}'),
  ];
  expect(await fieldsOf(files, 't')).toMatchObject({ tags: ['app:1'], target: 'one', args: { A: 'A', B: 'b' } });
});

test('a matrix makes a target of each combination, and a group of them', async () => {
  const file = hcl(`
    target "app" {
      name = "app-\${item.os}-\${v}"
      matrix = { item = [{os = "a"}, {os = "b"}], v = ["1", "2"] }
      args = { OS = item.os, V = v }
    }
  `);
  const { groups, targets } = await plan([file], { names: ['app'] });
  expect(targets.map(({ name, fields }) => [name, fields.args])).toEqual([
    ['app-a-1', { OS: 'a', V: '1' }],
    ['app-a-2', { OS: 'a', V: '2' }],
    ['app-b-1', { OS: 'b', V: '1' }],
    ['app-b-2', { OS: 'b', V: '2' }],
  ]);
  expect(groups.map(({ name, targets: members }) => [name, members.length])).toEqual([
    ['app', 4],
    ['default', 1],
  ]);
});

test('an attribute of another target can be used', async () => {
  expect((await fieldsOf([hcl('target "a" { tags = ["x"] }\ntarget "b" { args = { T = target.a.tags[0] } }')], 'b'))?.args).toEqual({
    T: 'x',
  });
});

test('a context that is a target brings that target along', async () => {
  const file = hcl('target "base" {}\ntarget "app" { contexts = { b = "target:base" } }');
  expect((await plan([file], { names: ['app'] })).targets.map(({ name, isLinked }) => [name, isLinked])).toEqual([
    ['app', false],
    ['base', true],
  ]);
});

describe('--set', () => {
  const file = hcl('target "a" {\n tags = ["x"]\n args = { V = "1" }\n}\ntarget "ab" {}\ntarget "c" {}');

  test('replaces, adds, and goes by patterns', async () => {
    const fields = await fieldsOf([file], 'a', {
      set: [
        'a*.platform=linux/amd64',
        'a.platform=linux/arm64',
        'a.tags+=y',
        '*.args.W=2',
        'a.args.E',
        'a.no-cache=true',
        'a.output=type=local,dest=o',
      ],
      env: { E: 'e' },
    });
    expect(fields).toMatchObject({
      platforms: ['linux/amd64', 'linux/arm64'],
      tags: ['x', 'y'],
      args: { V: '1', W: '2', E: 'e' },
      'no-cache': true,
      output: [{ type: 'local', dest: 'o' }],
    });
    expect((await fieldsOf([file], 'c', { set: ['a*.platform=linux/amd64'] }))?.platforms).toBeUndefined();
  });

  test('push and load change outputs as --push and --load do', async () => {
    expect((await fieldsOf([file], 'a', { set: ['*.push=true'] }))?.output).toEqual([{ type: 'image', push: 'true' }]);
    expect((await fieldsOf([file], 'a', { set: ['*.output=type=registry', '*.push=false'] }))?.output).toEqual([]);
    expect((await fieldsOf([file], 'a', { set: ['*.load=true'] }))?.output).toEqual([{ type: 'docker' }]);
  });

  test.each([
    ['a.nope=1', 'unknown key: nope'],
    ['a.tags', 'invalid override a.tags, expected target.name=value'],
    ['tags=x', 'invalid override tags=x, expected target.name=value'],
    ['a.args=x', 'invalid key a.args, args requires name'],
    ['a.context+=x', 'invalid override a.context+=x: += is for lists'],
    ['a.pull=maybe', 'invalid value maybe for boolean key pull'],
    ['z.tags=x', "could not find any target matching 'z'"],
  ])('%s is refused', async (text, message) => {
    const said = await Promise.resolve()
      .then(() => refusal([file], { names: ['a'], set: [text] }))
      .catch((error: Error) => error.message);
    expect(said).toBe(message);
  });
});

describe('compose files', () => {
  const file = compose(`
services:
  web.app:
    image: me/web:\${TAG:-latest}
    build:
      context: ./web
      args: [A=1, B]
      additional_contexts: { db: "service:db" }
      secrets: [token]
      ulimits: { nofile: { soft: 1, hard: 2 } }
      x-bake:
        platforms: [linux/amd64, linux/arm64]
        cache-to: type=inline
  db:
    build: ./db
  cache:
    image: redis
secrets:
  token: { environment: TOKEN }
`);

  test('each build section is a target, all of them the default group', async () => {
    const { groups, targets } = await plan([file], { env: { TAG: 'v2' } });
    expect(groups).toMatchObject([{ name: 'default', targets: ['db', 'web_app'] }]);
    expect(targets.map(({ name, fields }) => [name, fields])).toEqual([
      ['db', { context: './db', dockerfile: 'Dockerfile' }],
      [
        'web_app',
        {
          context: './web',
          dockerfile: 'Dockerfile',
          args: { A: '1', B: null },
          contexts: { db: 'target:db' },
          secret: [{ id: 'token', env: 'TOKEN' }],
          ulimits: ['nofile=1:2'],
          tags: ['me/web:v2'],
          platforms: ['linux/amd64', 'linux/arm64'],
          'cache-to': [{ type: 'inline' }],
        },
      ],
    ]);
  });

  test.each([
    ['services: [', 'compose.yaml:1:12: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ['x: 1\nservices: 3', 'compose.yaml:1:1: A compose file has services'],
    ['services:\n a:\n  build:\n   secrets: [t]', 'compose.yaml:1:1: The service "a" cannot be built: the secret "t" is not defined'],
    [
      'services:\n a:\n  build: §{DIR:?say where}',
      'compose.yaml:1:1: In the service "a": required variable DIR is missing a value: say where',
    ],
    ['services:\n a:\n  build:\n   x-bake: { nope: 1 }', 'compose.yaml:1:1: The service "a" cannot be built: x-bake has no "nope"'],
  ])('%j is refused', async (text, message) => expect(await refusal([compose(text)])).toContain(message));
});

describe('mistakes', () => {
  test.each<[string, Asked, string]>([
    ['target "a" { tag = [] }', {}, 'docker-bake.hcl:1:14: Unsupported argument: an argument named "tag" is not expected here'],
    ['target "a" { tags = "x" }', {}, 'docker-bake.hcl:1:21: Invalid value of "tags": a list is needed, not the text "x"'],
    ['target "a" { pull = "maybe" }', {}, 'docker-bake.hcl:1:21: Invalid value of "pull": true or false is needed, not the text "maybe"'],
    ['target "a/b" {}', {}, 'docker-bake.hcl:1:1: Invalid name "a/b": only "a-zA-Z0-9_-" are allowed'],
    ['target {}', {}, 'docker-bake.hcl:1:1: A target has one name: target "NAME" { … }'],
    ['targets "a" {}', {}, 'docker-bake.hcl:1:1: Unsupported block type: "targets"'],
    ['group "g" { targets = "a" }', {}, 'docker-bake.hcl:1:23: A group has a list of targets'],
    ['target "a" { matrix = { v = [1] } }', {}, 'docker-bake.hcl:1:1: The target "a" has a matrix: it needs a name that is made of it'],
    ['target "a" {\n name = "x"\n matrix = { v = [1, 2] }\n}', {}, 'docker-bake.hcl:2:2: Two targets of the matrix have the name "x"'],
    ['target "a" { args { } }', {}, 'docker-bake.hcl:1:14: A target has no blocks: write args = { … }'],
    ['target "a" { inherits = ["b"] }', { names: ['a'] }, 'docker-bake.hcl:1:1: failed to find target b'],
    [
      'target "a" { inherits = ["b"] }\ntarget "b" { inherits = ["a"] }',
      { names: ['a'] },
      'docker-bake.hcl:1:1: Targets inherit from each other in a circle: a → b → a',
    ],
    [
      'target "a" { contexts = { x = "target:b" } }\ntarget "b" { contexts = { x = "target:a" } }',
      { names: ['a'] },
      'docker-bake.hcl:1:1: infinite loop from a to a: contexts name each other: a → b → a',
    ],
    ['target "a" {}', {}, 'failed to find target default'],
  ])('%s', async (text, asked, message) => expect(await refusal([hcl(text)], asked)).toBe(message));

  test('JSON has places, too', async () => {
    expect(await refusal([{ name: 'x.json', kind: 'json', text: dollars('{\n "target": {\n  "a": { "tags": ["§{NOPE}"] }\n }\n}') }])).toBe(
      'x.json:3:19: There is no variable named "NOPE"',
    );
    expect(await refusal([{ name: 'x.json', kind: 'json', text: '{ "target": }' }])).toBe('x.json:1:13: A value is expected, not "}"');
    expect(await refusal([{ name: 'x.json', kind: 'json', text: '{ "target": {} "group": {} }' }])).toMatch(
      /^x\.json:1:1: This is no JSON: /,
    );
  });
});
