// Instructions that make no layer: they change the configuration of the image, and what later instructions see. What each writes into the
// history is what BuildKit writes.
import { applyInstruction, DEFAULT_SHELL } from '../dockerfile/apply.ts';
import type { ArgInstruction, Instruction } from '../dockerfile/ast.ts';
import { exposedPorts } from '../dockerfile/expose.ts';
import { expandWord, type Variables, type WordOptions } from '../dockerfile/words.ts';
import { healthText, noteConfig, plainList, quotedList } from './history.ts';
import { type StageState, setVariable, splitVariable } from './stage-state.ts';

export type ConfigInstruction = Exclude<Instruction, { kind: 'run' | 'copy' | 'add' }>;

export interface ConfigOptions {
  rules: Pick<WordOptions, 'escape'>;
  buildArgs: Readonly<Record<string, string>>;
  /** Values of ARGs before the first FROM, and of the platform. */
  globals: Variables;
  /** RFC 3339 of SOURCE_DATE_EPOCH; undefined: each entry takes the time of the layer before it. */
  epoch: string | undefined;
}

/** Applies the instruction to `state`; WORKDIR sets only the path, and writes no history. Throws a DockerfileProblem. */
export function applyConfig(state: StageState, instruction: ConfigInstruction, options: ConfigOptions): void {
  const text = historyText(state, instruction, options);
  if (text !== undefined) noteConfig(state, text, options.epoch);
}

export const shellOf = ({ config }: Pick<StageState, 'config'>): readonly string[] => (config.Shell?.length ? config.Shell : DEFAULT_SHELL);

function historyText(state: StageState, instruction: ConfigInstruction, options: ConfigOptions): string | undefined {
  if (instruction.kind === 'arg') return declareArgs(state, instruction, options);
  if (instruction.kind === 'maintainer') {
    state.author = instruction.word;
    return `MAINTAINER ${instruction.word}`;
  }
  const words = applyInstruction(state, instruction, { variables: state.env, escape: options.rules.escape }) ?? [];
  switch (instruction.kind) {
    case 'env':
      for (const word of words) setVariable(state.env, ...splitVariable(word));
      return `ENV ${words.join(' ')}`;
    case 'label':
      return `LABEL ${words.join(' ')}`;
    case 'cmd':
      state.config.ArgsEscaped = true;
      return `CMD ${quotedList(words)}`;
    case 'entrypoint':
      return `ENTRYPOINT ${quotedList(words)}`;
    case 'expose':
      return `EXPOSE ${plainList(Object.keys(exposedPorts(words)))}`;
    case 'volume':
    case 'shell':
      return `${instruction.kind.toUpperCase()} ${plainList(words)}`;
    case 'healthcheck':
      return `HEALTHCHECK ${healthText(state.config.Healthcheck ?? {})}`;
    case 'user':
    case 'stopsignal':
      return `${instruction.kind.toUpperCase()} ${words.join(' ')}`;
    case 'onbuild':
    case 'workdir':
      return undefined;
    default:
      return undefined;
  }
}

/** A value given by --build-arg counts before the default; without either that of an ARG before the first FROM. */
function declareArgs(state: StageState, { args }: ArgInstruction, { buildArgs, globals, rules }: ConfigOptions): string {
  const shown = args.map(({ name, value }) => {
    const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
    const actual = given ?? (value === undefined ? globals.get(name) : expandWord(value, state.env, { escape: rules.escape }));
    if (actual !== undefined) setVariable(state.env, name, actual);
    state.buildArgs.push({ name, value: actual });
    return actual === undefined ? name : `${name}=${actual}`;
  });
  return `ARG ${shown.join(' ')}`;
}
