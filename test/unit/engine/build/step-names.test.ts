import { stageGraph } from '../../../../src/engine/build/stage-graph.ts';
import { stepNames } from '../../../../src/engine/build/step-names.ts';
import { parseDockerfile } from '../../../../src/engine/dockerfile/parse.ts';

function namesOf(text: string, isMulti = false) {
  const { target } = stageGraph(parseDockerfile(text, 'Dockerfile'), {
    platformArgs: new Map(),
    buildArgs: {},
    namedContexts: {},
    target: undefined,
  });
  return stepNames({ isMulti }, target);
}

const platform = { os: 'linux', architecture: 'amd64' };

test('FROM of an image and instructions that may make a layer are counted', () => {
  const names = namesOf('FROM x\nFROM busybox AS builder\nENV a=b\nRUN make\nCOPY a b\nWORKDIR /x\nADD a b');
  expect(names.next('FROM busybox', { platform, env: new Map() })).toBe('[builder 1/5] FROM busybox');
  expect(names.next('RUN make', { platform, env: new Map() })).toBe('[builder 2/5] RUN make');
});

test('numbers are as wide as the last of them, triggers are counted and marked', () => {
  const names = namesOf(`FROM scratch\n${'RUN x\n'.repeat(9)}`);
  names.add(parseDockerfile('FROM scratch\nRUN y', 'x').stages[0]?.instructions ?? []);
  expect(names.next('RUN y', { platform, env: new Map() }, true)).toBe('[ 1/10] ONBUILD RUN y');
});

test('with several platforms the platform stands first, and what is built for where it is another one', () => {
  const names = namesOf('FROM x\nFROM busybox AS tool\nRUN a\nRUN b', true);
  expect(names.next('FROM busybox', { platform, env: new Map() })).toBe('[linux/amd64 tool 1/3] FROM busybox');
  expect(names.next('RUN a', { platform, env: new Map([['TARGETARCH', 'arm64']]) })).toBe('[linux/amd64->arm64 tool 2/3] RUN a');
  expect(names.next('RUN b', { platform, env: new Map([['TARGETPLATFORM', 'linux/amd64']]) })).toBe('[linux/amd64 tool 3/3] RUN b');
});
