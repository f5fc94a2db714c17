import { applyConfig, type ConfigInstruction } from '../../../../src/engine/build/config-instructions.ts';
import { emptyState, inheritState, openEnvironment, type StageState } from '../../../../src/engine/build/stage-state.ts';
import type { Instruction } from '../../../../src/engine/dockerfile/ast.ts';
import { parseDockerfile } from '../../../../src/engine/dockerfile/parse.ts';

const isConfig = (instruction: Instruction): instruction is ConfigInstruction => !['run', 'copy', 'add'].includes(instruction.kind);

interface Given {
  buildArgs?: Record<string, string>;
  globals?: Record<string, string>;
  state?: StageState;
}

function applied(
  lines: string,
  { buildArgs = {}, globals = {}, state = emptyState({ os: 'linux', architecture: 'amd64' }) }: Given = {},
): StageState {
  const [stage] = parseDockerfile(`FROM scratch\n${lines}`, 'Dockerfile').stages;
  openEnvironment(state);
  for (const instruction of stage?.instructions ?? []) {
    if (!isConfig(instruction)) throw new Error('no instruction of the configuration');
    applyConfig(state, instruction, { rules: { escape: '\\' }, buildArgs, globals: new Map(Object.entries(globals)), epoch: undefined });
  }
  return state;
}

const textsOf = ({ history }: StageState): (string | undefined)[] => history.map((entry) => entry.created_by);

test('all values of one ENV see the variables as they were before it', () => {
  const { env, config } = applied('ENV a=1\nENV a=2 b=$a');
  expect([env.get('a'), env.get('b')]).toEqual(['2', '1']);
  expect(config.Env?.slice(1)).toEqual(['a=2', 'b=1']);
});

test('an ARG is seen by instructions and not by the image; the last of ENV and ARG counts', () => {
  const { env, config } = applied('ARG A=arg\nENV B=$A\nENV A=env\nENV C=$A');
  expect(config.Env?.slice(1)).toEqual(['B=arg', 'A=env', 'C=env']);
  expect(env.get('A')).toBe('env');
});

test('--build-arg counts before the default, and an ARG before FROM only where there is none', () => {
  const globals = { A: 'global' };
  expect(applied('ARG A', { globals }).env.get('A')).toBe('global');
  expect(applied('ARG A=own', { globals }).env.get('A')).toBe('own');
  expect(applied('ARG A=own', { globals, buildArgs: { A: 'given' } }).env.get('A')).toBe('given');
  expect(applied('ENV X=$A', { globals, buildArgs: { A: 'given' } }).env.get('X')).toBe('');
});

test('an ARG without any value is declared, and shown as its name', () => {
  const state = applied('ARG A B=$A');
  expect(textsOf(state)).toEqual(['ARG A B=']);
  expect(state.buildArgs).toEqual([
    { name: 'A', value: undefined },
    { name: 'B', value: '' },
  ]);
});

test('ENTRYPOINT drops the command of the base, but not one that this stage set', () => {
  const base = applied('CMD ["old"]');
  expect(applied('ENTRYPOINT ["e"]', { state: inheritState(base) }).config.Cmd).toBeNull();
  expect(applied('CMD ["new"]\nENTRYPOINT ["e"]', { state: inheritState(base) }).config.Cmd).toEqual(['new']);
});

test('a stage goes on with a copy of the state of its base, without its triggers', () => {
  const base = applied('ARG A=1\nENV B=2\nONBUILD RUN x');
  const next = applied('ENV B=3\nLABEL l=$A', { state: inheritState(base) });
  expect(next.config.Labels).toEqual({ l: '1' });
  expect(next.config.OnBuild).toBeUndefined();
  expect(base.config.Env?.at(-1)).toBe('B=2');
  expect(base.history).toHaveLength(2);
});

test('ONBUILD writes no history; everything else says that it made no layer', () => {
  const state = applied('ONBUILD RUN x\nUSER me\nVOLUME ["/a"]\nSHELL ["sh"]');
  expect(state.history).toEqual(
    ['USER me', 'VOLUME [/a]', 'SHELL [sh]'].map((created_by) => ({ created_by, comment: 'buildkit.dockerfile.v0', empty_layer: true })),
  );
});
