// `build --check` and `--call`: what is said of a Dockerfile without building it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();

/** A context with this Dockerfile, and other files. */
function context(name: string, dockerfile: string, files: Record<string, string> = {}): string {
  const folder = join(box.files, name);
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries({ Dockerfile: dockerfile, ...files })) writeFileSync(join(folder, path), text);
  return folder;
}

const CLEAN = 'FROM scratch\nCMD ["/x"]\n';
const NOTED = 'FROM scratch as one\nCMD echo hi\nFROM scratch\nENV A b\n';

test('a Dockerfile with nothing to note passes the check, and nothing is built or pulled', async () => {
  const cwd = context('clean', 'FROM never.example.com/none\nRUN false\n');
  const { code, stdout, stderr } = await box.skiff(['build', '--check', '.'], { cwd });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'Check complete, no warnings found.\n', stderr: '' });
  expect(await box.ok(['images', '-aq'])).toBe('');
});

test('notes are shown with their lines, and fail the check', async () => {
  const { code, stdout } = await box.skiff(['build', '--check', '.'], { cwd: context('noted', NOTED) });
  expect(code).toBe(1);
  expect(stdout.split('\n').filter((line) => /^WARNING|^Check|>>>/.test(line))).toEqual([
    'Check complete, 3 warnings have been found!',
    'WARNING: FromAsCasing - https://docs.docker.com/go/dockerfile/rule/from-as-casing/',
    '   1 | >>> FROM scratch as one',
    'WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/',
    '   2 | >>> CMD echo hi',
    'WARNING: LegacyKeyValueFormat - https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/',
    '   4 | >>> ENV A b',
  ]);
});

test('with a target only what it needs is looked at, but for how the file is written', async () => {
  const { code, stdout } = await box.skiff(['build', '--check', '--target', 'one', '.'], { cwd: context('noted', NOTED) });
  expect(code).toBe(1);
  expect(stdout).toContain('FromAsCasing');
  expect(stdout).toContain('JSONArgsRecommended');
  expect(stdout).not.toContain('LegacyKeyValueFormat');
});

test('programs read the notes as JSON', async () => {
  const { code, stdout } = await box.skiff(['build', '--call', 'check,format=json', '.'], { cwd: context('noted', NOTED) });
  expect(code).toBe(1);
  const { warnings, sources } = JSON.parse(stdout) as {
    warnings: Record<string, unknown>[];
    sources: { filename: string; data: string }[];
  };
  expect(warnings[1]).toMatchObject({
    ruleName: 'JSONArgsRecommended',
    url: 'https://docs.docker.com/go/dockerfile/rule/json-args-recommended/',
    detail: 'JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
    location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] },
  });
  expect(sources.map(({ filename, data }) => [filename, Buffer.from(data, 'base64').toString()])).toEqual([['Dockerfile', NOTED]]);
});

test('a build that fetches its base ends with what could not be known before, each note once', async () => {
  const cwd = context('fetched', `FROM ${image('busybox')}\nENV A=$PATH B=$NOT_THERE\nCMD x\n`);
  const { code, stderr } = await box.skiff(['build', '--progress', 'plain', '.'], { cwd });
  expect(code).toBe(0);
  expect(stderr.slice(stderr.indexOf('warnings found') - 2)).toBe(
    [
      '2 warnings found (use skiff build --check to expand):',
      ' - JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals (line 3)',
      " - UndefinedVar: Usage of undefined variable '$NOT_THERE' (line 2)",
      '',
    ].join('\n'),
  );
});

test('variables of a base image that is here are known to the check, those of one that is not are not guessed at', async () => {
  const text = (base: string) => `FROM ${base}\nENV A=$PATH B=$NOT_THERE\n`;
  const unknown = await box.skiff(['build', '--check', '.'], { cwd: context('unknown', text('never.example.com/none')) });
  expect(unknown.stdout).toBe('Check complete, no warnings found.\n');
  await box.ok(['pull', '-q', image('busybox')]);
  const known = await box.skiff(['build', '--check', '.'], { cwd: context('known', text(image('busybox'))) });
  expect(known.stdout).toContain("Usage of undefined variable '$NOT_THERE'");
  expect(known.stdout).not.toContain("'$PATH'");
});

test('files that are ignored are told of where they are copied', async () => {
  const files = { '.dockerignore': 'a*\n!a2\nfolder\n', a1: '', a2: '' };
  const cwd = context('ignored', 'FROM scratch\nCOPY a1 a2 folder/x . /d/\n', files);
  const { code, stdout } = await box.skiff(['build', '--check', '.'], { cwd });
  expect(code).toBe(1);
  expect(stdout.match(/Attempting to Copy file ".*" that/g)).toEqual([
    'Attempting to Copy file "a1" that',
    'Attempting to Copy file "folder/x" that',
  ]);
});

test('the outline of a target names its arguments, secrets and agents', async () => {
  const cwd = context(
    'outline',
    [
      '# VERSION of the program',
      'ARG VERSION=1',
      '# build makes it',
      'FROM scratch AS build',
      'ARG VERSION FLAGS',
      'RUN --mount=type=secret,id=token,required --mount=type=ssh make',
      'FROM scratch',
    ].join('\n'),
  );
  expect(await box.ok(['build', '--call', 'outline', '--target', 'build', '--build-arg', 'FLAGS=-v', '.'], { cwd })).toBe(
    [
      'TARGET:      build',
      'DESCRIPTION: makes it',
      '',
      'BUILD ARG   VALUE   DESCRIPTION',
      'VERSION     1       of the program',
      'FLAGS       -v',
      '',
      'SECRET   REQUIRED',
      'token    true',
      '',
      'SSH       REQUIRED',
      'default',
      '',
    ]
      .join('\n')
      .trim(),
  );
  expect(await box.ok(['build', '--call', 'targets', '.'], { cwd })).toBe('TARGET      DESCRIPTION\nbuild       makes it\n(default)');
  expect(JSON.parse(await box.ok(['build', '--call', 'targets,format=json', '.'], { cwd }))).toMatchObject({
    targets: [{ name: 'build', description: 'makes it', base: 'scratch' }, { default: true }],
  });
});

test.each<[string, string, string[], string[]]>([
  ['a malformed Dockerfile', 'FRM a\n', ['--check'], ['unknown instruction: FRM (did you mean FROM?)', 'Dockerfile:1:1']],
  ['a target that is not there', CLEAN, ['--check', '--target', 'nope'], ['target stage "nope" could not be found']],
  ['rules that are malformed', CLEAN, ['--check', '--build-arg', 'BUILDKIT_DOCKERFILE_CHECK=x'], ['invalid check option "x"']],
  ['a Dockerfile that is not there', CLEAN, ['--check', '-f', 'none'], ['none']],
])('%s is refused', async (name, text, args, said) => {
  const { code, stdout, stderr } = await box.skiff(['build', ...args, '.'], { cwd: context(`bad-${name.replaceAll(' ', '-')}`, text) });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  for (const part of said) expect(stderr).toContain(part);
});

test('calls that do not go together or do not exist are refused', async () => {
  const cwd = context('clean', CLEAN);
  const both = await box.skiff(['build', '--check', '--call', 'outline', '.'], { cwd });
  expect([both.code, both.stderr]).toEqual([
    125,
    'skiff: Conflicting options: cannot specify both --check and --call=outline\nLeave one of the two out\n',
  ]);
  const unknown = await box.skiff(['build', '--call', 'guess', '.'], { cwd });
  expect(unknown.code).toBe(125);
  expect(unknown.stderr).toContain('must be one of "build", "check", "outline", "targets"');
});
