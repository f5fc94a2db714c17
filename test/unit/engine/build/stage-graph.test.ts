import { type GraphOptions, type StageGraph, stageGraph } from '../../../../src/engine/build/stage-graph.ts';
import { parseDockerfile } from '../../../../src/engine/dockerfile/parse.ts';
import { EngineError } from '../../../../src/sys/errors.ts';

const graphOf = (text: string, options: Partial<GraphOptions> = {}): StageGraph =>
  stageGraph(parseDockerfile(text, 'Dockerfile'), {
    platformArgs: new Map([['BUILDPLATFORM', 'linux/amd64']]),
    buildArgs: {},
    namedContexts: {},
    target: undefined,
    ...options,
  });

function failure(text: string, options?: Partial<GraphOptions>): { message: string; hint: string | undefined } {
  try {
    graphOf(text, options);
  } catch (error) {
    if (error instanceof EngineError) return { message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('FROM means a stage that came before, else a named context, else an image', () => {
  const { nodes } = graphOf('FROM later AS a\nFROM a AS later\nFROM scratch\nFROM given', {
    namedContexts: { given: { kind: 'image', reference: 'alpine:3' } },
  });
  expect(nodes.map(({ base }) => base.kind)).toEqual(['image', 'stage', 'scratch', 'image']);
  expect(nodes[3]?.base).toEqual({ kind: 'image', reference: 'alpine:3' });
});

test('a named context takes the place of a stage of its name, and of an image by any spelling', () => {
  const folder = { kind: 'folder', context: { folder: '/x', ignore: undefined } } as const;
  const { nodes } = graphOf('FROM alpine AS builder\nFROM docker.io/library/debian:latest', {
    namedContexts: { builder: folder, debian: folder },
  });
  expect(nodes.map(({ base }) => base.kind)).toEqual(['context', 'context']);
});

test('variables of FROM are those of ARG before it, of --build-arg and of the platform', () => {
  const text = 'ARG TAG=1\nARG NAME=img-$TAG\nFROM --platform=$BUILDPLATFORM $NAME:$TAG';
  expect(graphOf(text).nodes[0]).toMatchObject({ baseWord: 'img-1:1', platform: { os: 'linux', architecture: 'amd64' } });
  expect(graphOf(text, { buildArgs: { TAG: '2' } }).nodes[0]?.baseWord).toBe('img-2:2');
});

test('stages are named for progress: by name, by number, and not at all when there is one', () => {
  expect(graphOf('FROM a AS x\nFROM b').nodes.map(({ label }) => label)).toEqual(['x', 'stage-1']);
  expect(graphOf('FROM a AS x').nodes.map(({ label }) => label)).toEqual(['']);
});

test('the target is a stage by name or number, the last one otherwise', () => {
  const text = 'FROM a AS one\nFROM b AS two';
  expect(graphOf(text).target.index).toBe(1);
  expect(graphOf(text, { target: 'ONE' }).target.index).toBe(0);
  expect(graphOf(text, { target: '0' }).target.index).toBe(0);
  expect(failure(text, { target: 'twp' })).toEqual({
    message: 'target stage "twp" could not be found (did you mean two?)',
    hint: '"Dockerfile" has: one, two',
  });
});

test.each([
  ['itself', 'FROM x AS a\nCOPY --from=a /y /y', 'circular dependency detected on stage: a'],
  ['itself by number', 'FROM x\nRUN --mount=from=0,target=/y true', 'circular dependency detected on stage: '],
  ['a later stage that needs it', 'FROM x AS a\nCOPY --from=b /y /y\nFROM a AS b', 'circular dependency detected on stage: b'],
  [
    'a later stage',
    'FROM x AS a\nCOPY --from=b /y /y\nFROM x AS b',
    'cannot copy from stage "b", it needs to be defined before current stage "a"',
  ],
  ['a number that no stage has', 'FROM x AS a\nFROM y\nCOPY --from=7 /y /y', 'invalid stage index 7'],
  ['nothing', 'ARG B\nFROM $B', 'base name ($B) should not be blank'],
  ['a platform that is none', 'FROM --platform=a/b/c/d x', 'failed to parse platform a/b/c/d'],
])('a stage that reads %s is refused with its place', (_, text, message) => {
  const { message: said, hint } = failure(text);
  expect(said).toContain(message);
  expect(hint).toMatch(/Dockerfile:\d+:1\n/);
});
