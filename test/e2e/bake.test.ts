// Bake: definitions in HCL, JSON and compose files, what of them is shown and what is built. The language itself is in test/unit/engine/bake.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contextOf } from './support/build-context.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
let folder = '';

/** `§{` stands for `${`, which in a string is taken for a slip. */
const dollars = (text: string): string => text.replaceAll('§{', '${');

const HCL = dollars(`
variable "TAG" {
  default = "latest"
  description = "What images are tagged with"
  validation {
    condition = TAG != ""
    error_message = "TAG must not be empty"
  }
}
function "named" {
  params = [name]
  result = "local/§{name}:§{TAG}"
}
group "default" {
  targets = ["app", "flavours"]
}
target "_labels" {
  labels = { made = "by bake" }
}
target "base" {
  dockerfile-inline = <<EOT
FROM busybox
RUN echo base > /base
EOT
}
target "app" {
  inherits = ["_labels"]
  description = "The app"
  context = "app"
  contexts = { parent = "target:base" }
  args = { GREETING = TAG == "latest" ? "hello" : "hi" }
  tags = [named("app")]
}
target "flavours" {
  name = "flavour-§{flavour}"
  matrix = { flavour = ["sweet", "sour"] }
  dockerfile-inline = "FROM busybox\\nRUN echo shared > /shared\\nENV FLAVOUR=§{flavour}\\n"
  tags = [named("flavour-§{flavour}")]
}
`);

beforeAll(async () => {
  await box.ok(['pull', '--quiet', image('busybox')]);
  await box.ok(['tag', image('busybox'), 'busybox']);
  folder = contextOf(box, 'hcl', {
    'docker-bake.hcl': HCL,
    'app/Dockerfile': 'FROM parent\nARG GREETING\nRUN echo $GREETING > /greeting\n',
  });
});

const bake = (args: string[], options: { env?: Record<string, string>; cwd?: string; stdin?: string } = {}) =>
  box.skiff(['bake', ...args], { cwd: folder, ...options });
const printed = async (args: string[], options: { env?: Record<string, string>; cwd?: string; stdin?: string } = {}) => {
  const { code, stdout, stderr } = await bake(['--print', ...args], options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

describe('--print', () => {
  test('shows groups and targets as buildx does, key by key', async () => {
    expect(await printed(['app'])).toBe(`{
  "group": {
    "default": {
      "targets": [
        "app"
      ]
    }
  },
  "target": {
    "app": {
      "description": "The app",
      "context": "app",
      "contexts": {
        "parent": "target:base"
      },
      "dockerfile": "Dockerfile",
      "args": {
        "GREETING": "hello"
      },
      "labels": {
        "made": "by bake"
      },
      "tags": [
        "local/app:latest"
      ]
    },
    "base": {
      "context": ".",
      "dockerfile": "Dockerfile",
      "dockerfile-inline": "FROM busybox\\nRUN echo base > /base\\n"
    }
  }
}
`);
  });

  test('variables come from the environment and --var, fields from --set, files from -f in their order', async () => {
    writeFileSync(join(folder, 'more.json'), JSON.stringify({ target: { app: { tags: ['more'], 'cache-from': ['user/app'] } } }));
    const text = await printed(
      ['-f', 'docker-bake.hcl', '-f', 'more.json', '--set', 'app.args.GREETING=moin', '--set', '*.platform=linux/amd64', '--push', 'app'],
      { env: { TAG: 'v2' } },
    );
    expect(JSON.parse(text).target.app).toEqual({
      description: 'The app',
      context: 'app',
      contexts: { parent: 'target:base' },
      dockerfile: 'Dockerfile',
      args: { GREETING: 'moin' },
      labels: { made: 'by bake' },
      tags: ['more'],
      'cache-from': [{ ref: 'user/app', type: 'registry' }],
      platforms: ['linux/amd64'],
      output: [{ push: 'true', type: 'image' }],
    });
    expect(JSON.parse(await printed(['--var', 'TAG=v3', 'flavour-sour'], { env: { TAG: 'v2' } })).target['flavour-sour'].tags).toEqual([
      'local/flavour-sour:v3',
    ]);
  });

  test('a definition by standard input', async () => {
    const { target } = JSON.parse(await printed(['-f', '-'], { stdin: '{"target": {"default": {"target": "x"}}}' }));
    expect(target).toEqual({ default: { context: '.', dockerfile: 'Dockerfile', target: 'x' } });
  });

  test('a compose file, with its variables', async () => {
    const cwd = contextOf(box, 'compose', {
      'compose.yaml': dollars(
        'services:\n  web:\n    image: me/web:§{TAG:-dev}\n    build: {context: web, args: {A: 1}}\n  db:\n    image: db\n',
      ),
    });
    expect(JSON.parse(await printed([], { cwd }))).toEqual({
      group: { default: { targets: ['web'] } },
      target: { web: { context: 'web', dockerfile: 'Dockerfile', args: { A: '1' }, tags: ['me/web:dev'] } },
    });
  });
});

test('--list shows targets and variables', async () => {
  expect((await bake(['--list', 'targets'])).stdout).toBe(
    [
      'TARGET          DESCRIPTION',
      '_labels         ',
      'app             The app',
      'base            ',
      'default         app, flavours',
      'flavour-sour    ',
      'flavour-sweet   ',
      'flavours        flavour-sweet, flavour-sour',
      '',
    ].join('\n'),
  );
  expect(JSON.parse((await bake(['--list', 'type=variables,format=json'])).stdout)).toEqual([
    { name: 'TAG', value: 'latest', description: 'What images are tagged with' },
  ]);
});

test('builds every target side by side: what is inherited, linked, spread by a matrix; what only a link needed does not stay', async () => {
  const { code, stdout, stderr } = await bake(['--metadata-file', 'meta.json']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  expect(await box.ok(['run', '--rm', 'local/app', 'cat', '/base', '/greeting'])).toBe('base\nhello');
  expect(await box.ok(['image', 'inspect', '--format', '{{.Config.Labels.made}}', 'local/app'])).toBe('by bake');
  expect(await box.ok(['image', 'inspect', '--format', '{{index .Config.Env 1}}', 'local/flavour-sour'])).toBe('FLAVOUR=sour');
  expect(await box.ok(['images', '-q', '--filter', 'dangling=true'])).toBe('');
  expect(Object.keys(JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')))).toEqual(['app', 'flavour-sour', 'flavour-sweet']);
  expect(stderr).toMatch(/^#\d+ \[app 2\/2\] RUN echo hello > \/greeting$/m);
  expect(stderr).toMatch(/^#\d+ \[flavour-sour 2\/2\] RUN echo shared > \/shared$/m);
});

test('what two targets have in common is done once', async () => {
  const cwd = contextOf(box, 'common', {
    'docker-bake.json': JSON.stringify({
      group: { default: { targets: ['a', 'b'] } },
      target: {
        a: { 'dockerfile-inline': 'FROM busybox\nRUN head -c 16 /dev/urandom > /once\nENV T=a\n', tags: ['a'] },
        b: { 'dockerfile-inline': 'FROM busybox\nRUN head -c 16 /dev/urandom > /once\nENV T=b\n', tags: ['b'] },
      },
    }),
  });
  expect((await bake([], { cwd })).code).toBe(0);
  const layers = await box.ok(['image', 'inspect', '--format', '{{json .RootFS.Layers}}', 'a', 'b']);
  const [a, b] = layers.split('\n');
  expect(a).toBe(b);
});

test('the first target that fails ends the others, and says why', async () => {
  const cwd = contextOf(box, 'failing', {
    'docker-bake.hcl': [
      'group "default" { targets = ["good", "bad"] }',
      'target "good" { dockerfile-inline = "FROM busybox\\nRUN sleep 600\\n" }',
      'target "bad" { dockerfile-inline = "FROM busybox\\nRUN echo oh; exit 4\\n" }',
    ].join('\n'),
  });
  const { code, stderr } = await bake([], { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain('skiff: failed to solve: process "/bin/sh -c echo oh; exit 4" did not complete successfully: exit code: 4\n');
  expect(stderr).toMatch(/^#\d+ CANCELED$/m);
});

test('buildx bake and buildx f are the same', async () => {
  for (const name of ['bake', 'f'])
    expect(JSON.parse(await box.ok(['buildx', name, '--print', '-f', join(folder, 'docker-bake.hcl'), 'app']))).toHaveProperty(
      'target.app',
    );
});

test('--check looks at the Dockerfile of each target, and builds nothing', async () => {
  const { code, stdout } = await bake(['--check', '-f', '-', 'good', 'bad'], {
    stdin:
      'target "good" { dockerfile-inline = "FROM busybox\\n" }\ntarget "bad" { dockerfile-inline = "from busybox as Upper\\nCOPY x /\\n" }',
  });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^\[bad\]\n[\s\S]*StageNameCasing[\s\S]*\n\[good\]\n/);
});

test('--lock pins what the targets are made from, and --locked holds them to it', async () => {
  const cwd = contextOf(box, 'pinned', {
    'docker-bake.hcl': `target "default" { dockerfile-inline = "FROM ${image('busybox')}\\n" }`,
  });
  expect((await bake(['--lock', '--lock-file', 'pins.lock'], { cwd })).code).toBe(0);
  expect(readFileSync(join(cwd, 'pins.lock'), 'utf8')).toMatch(/busybox:latest.*sha256:[0-9a-f]{64}/);
  expect((await bake(['--locked', '--lock-file', 'pins.lock'], { cwd })).code).toBe(0);
  expect((await bake(['--locked'], { cwd })).stderr).toContain('busybox:latest" is not pinned');
});

describe('mistakes', () => {
  const inHcl = (text: string, args: string[] = []) => bake(['--print', '-f', '-', ...args], { stdin: dollars(text) });

  test.each<[string, string[], string]>([
    ['target "default" {\n  tags = [\n}', [], 'stdin:3:1: A value is expected, not "}"'],
    ['target "default" {\n  args = { A = upper(NOPE) }\n}', [], 'stdin:2:22: There is no variable named "NOPE"'],
    ['target "default" {\n  dockerfil = "x"\n}', [], 'stdin:2:3: Unsupported argument: an argument named "dockerfil" is not expected here'],
    ['target "a" {}', [], 'failed to find target default'],
    ['target "a" {}', ['b'], 'failed to find target b'],
    ['target "a" {\n  inherits = ["b"]\n}', ['a'], 'stdin:1:1: failed to find target b'],
    ['target "a" {}', ['a', '--set', 'x.tags=1'], "could not find any target matching 'x'"],
  ])('%j with %j', async (text, args, message) => {
    const { code, stdout, stderr } = await inHcl(text, args);
    expect({ code, stdout, first: stderr.split('\n')[0] }).toEqual({ code: 1, stdout: '', first: `skiff: ${message}` });
  });

  test('no definition, and one that is not there', async () => {
    const empty = contextOf(box, 'empty', { 'x.txt': '' });
    expect((await bake([], { cwd: empty })).stderr).toMatch(/^skiff: couldn't find a bake definition\nName the file with -f/);
    expect((await bake(['https://github.com/a/b.git', 'app'])).stderr).toMatch(/^skiff: Cannot bake "https:\/\/github.com\/a\/b.git": /);
    expect((await bake(['-f', 'nope.hcl'])).stderr).toContain('failed to read bake definition: open nope.hcl: no such file or directory');
  });

  test('a value that no build can have names target and attribute, before anything is built', async () => {
    const { code, stderr } = await bake(['-f', '-'], { stdin: 'target "default" {\n  tags = ["UPPER"]\n}' });
    expect({ code, first: stderr.split('\n')[0] }).toEqual({
      code: 1,
      first: 'skiff: Target "default": invalid "tags": invalid reference format: repository name (library/UPPER) must be lowercase',
    });
  });

  test('an entitlement has to be allowed', async () => {
    const stdin = 'target "default" {\n  entitlements = ["security.insecure"]\n}';
    const { code, stderr } = await bake(['-f', '-'], { stdin });
    expect(code).toBe(1);
    expect(stderr).toBe(
      'skiff: The target "default" asks for the entitlement "security.insecure", which is not allowed\nAllow it: --allow security.insecure\n',
    );
  });

  test('a bad --set, --var and --list', async () => {
    const first = async (...args: string[]): Promise<string | undefined> => (await bake(args)).stderr.split('\n')[0];
    expect(await first('--set', 'a.nope=1')).toBe('skiff: invalid argument "a.nope=1" for "--set" flag: unknown key: nope');
    expect(await first('--var', 'x')).toBe('skiff: invalid argument "x" for "--var" flag: expected NAME=value');
    expect(await first('--list', 'all')).toBe('skiff: invalid argument "all" for "--list" flag: must be "targets" or "variables"');
  });
});
