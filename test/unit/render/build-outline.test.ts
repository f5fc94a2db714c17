import { listTargets, outlineOf } from '../../../src/engine/build/outline.ts';
import { parseDockerfile } from '../../../src/engine/dockerfile/parse.ts';
import { excerpt } from '../../../src/engine/dockerfile/problem.ts';
import { lintJson, lintText } from '../../../src/render/build-lint.ts';
import { outlineJson, outlineText, targetsJson, targetsText } from '../../../src/render/build-outline.ts';

const FILE = parseDockerfile(
  [
    'ARG UNUSED=1',
    '# GO_VERSION which compiler',
    'ARG GO_VERSION=1.22',
    'ARG BASE=golang:$GO_VERSION',
    'FROM $BASE AS base',
    'ARG GO_VERSION',
    '# build makes the program',
    'FROM base AS build',
    'ARG FLAGS="-a -b" TARGETPLATFORM',
    'RUN --mount=type=secret,id=token,required --mount=type=secret,id=other --mount=type=ssh --mount=type=cache,target=/c make',
    'RUN --mount=type=secret,id=other,required=true make',
    'FROM scratch',
    'COPY --from=build /x /x',
  ].join('\n'),
  'Dockerfile',
);
const PLATFORM = new Map([['TARGETPLATFORM', 'linux/amd64']]);
const outlineFor = (index: number, needed: number[], buildArgs = {}) => {
  const target = FILE.stages[index];
  if (!target) throw new Error('no such stage');
  return outlineOf(FILE, {
    target,
    needed: new Set(FILE.stages.filter((stage) => needed.includes(stage.index))),
    buildArgs,
    platformArgs: PLATFORM,
  });
};

test('the outline of a stage is what it and those below it take', () => {
  expect(outlineText(outlineFor(1, [0, 1]))).toBe(
    [
      'TARGET:      build',
      'DESCRIPTION: makes the program',
      '',
      'BUILD ARG    VALUE         DESCRIPTION',
      'GO_VERSION   1.22          which compiler',
      'BASE         golang:1.22',
      'FLAGS        -a -b',
      '',
      'SECRET   REQUIRED',
      'token    true',
      'other    true',
      '',
      'SSH       REQUIRED',
      'default',
      '',
    ].join('\n'),
  );
});

test('arguments of the build take the place of defaults', () => {
  expect(outlineFor(0, [0], { GO_VERSION: '9' }).args.map(({ name, value }) => [name, value])).toEqual([
    ['GO_VERSION', '9'],
    ['BASE', 'golang:9'],
  ]);
});

test('a stage that takes nothing has an empty outline', () => {
  expect(outlineText(outlineFor(2, [2]))).toBe('');
});

test('the outline for programs has places and caches', () => {
  const value: unknown = JSON.parse(outlineJson(FILE, outlineFor(1, [0, 1])));
  expect(value).toMatchObject({
    name: 'build',
    args: [
      {
        name: 'GO_VERSION',
        value: '1.22',
        description: 'which compiler',
        location: { ranges: [{ start: { line: 3 }, end: { line: 3 } }] },
      },
      {},
      {},
    ],
    secrets: [
      { name: 'token', required: true },
      { name: 'other', required: true },
    ],
    ssh: [{ name: 'default' }],
    cache: [{ ID: '/c' }],
    sources: [Buffer.from(`${FILE.lines.join('\n')}\n`).toString('base64')],
  });
});

test('targets are all stages, the last one the default', () => {
  expect(targetsText(listTargets(FILE))).toBe(
    ['TARGET      DESCRIPTION', 'base', 'build       makes the program', '(default)', ''].join('\n'),
  );
  const value: unknown = JSON.parse(targetsJson(FILE, listTargets(FILE)));
  expect(value).toMatchObject({
    targets: [
      { name: 'base', base: '$BASE' },
      { name: 'build', base: 'base', description: 'makes the program' },
      { default: true, base: 'scratch', location: { ranges: [{ start: { line: 12 } }] } },
    ],
  });
});

const SPAN = { start: { line: 5, column: 1 }, end: { line: 5, column: 19 } };
const NOTE = { rule: 'ARule', description: 'What it is about', url: 'https://a/b/', message: 'Look at this', span: SPAN };

test('a check without notes says so', () => {
  expect(lintText([])).toBe('Check complete, no warnings found.\n');
  expect(JSON.parse(lintJson(FILE, []))).toMatchObject({ warnings: [], sources: [{ filename: 'Dockerfile', language: 'Dockerfile' }] });
});

test('notes are shown with their lines', () => {
  const shown = { ...NOTE, excerpt: excerpt(FILE, SPAN.start, SPAN) };
  expect(lintText([shown])).toBe(
    [
      'Check complete, 1 warning has been found!',
      '',
      'WARNING: ARule - https://a/b/',
      'Look at this',
      'Dockerfile:5:1',
      '--------------------',
      '   3 |     ARG GO_VERSION=1.22',
      '   4 |     ARG BASE=golang:$GO_VERSION',
      '   5 | >>> FROM $BASE AS base',
      '   6 |     ARG GO_VERSION',
      '   7 |     # build makes the program',
      '--------------------',
      '',
    ].join('\n'),
  );
  expect(lintText([shown, shown])).toMatch(/^Check complete, 2 warnings have been found!\n/);
  expect(JSON.parse(lintJson(FILE, [shown]))).toMatchObject({
    warnings: [
      {
        ruleName: 'ARule',
        description: 'What it is about',
        url: 'https://a/b/',
        detail: 'Look at this',
        location: { ranges: [{ start: { line: 5 }, end: { line: 5 } }] },
      },
    ],
  });
});
