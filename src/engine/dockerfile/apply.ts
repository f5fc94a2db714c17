// What an instruction that touches no file does to an image's configuration, its variables replaced: for a build's stages and for
// `--change` of commit and import alike.
import { posix } from 'node:path';
import type { ImageRunConfig } from '../../storage/records.ts';
import { signalNumber } from '../../sys/signals.ts';
import type { CommandLine, Instruction, PairsInstruction } from './ast.ts';
import { exposedPorts } from './expose.ts';
import { parseHealthcheck } from './healthcheck.ts';
import { DockerfileProblem } from './problem.ts';
import { expandWord, expandWords, type Variables, type WordOptions } from './words.ts';

/** The configuration so far; it is changed in place. */
export interface ConfigDraft {
  config: ImageRunConfig;
  /** A CMD came before in this stage: an ENTRYPOINT after it leaves it alone. */
  hasCmd: boolean;
}

export interface ApplyOptions extends WordOptions {
  variables: Variables;
}

export const DEFAULT_SHELL: readonly string[] = ['/bin/sh', '-c'];

/**
 * Applies `instruction`; answers the words that it came to, as history shows them, or undefined where it is not one that touches the
 * configuration alone (RUN, COPY, ADD, ARG, MAINTAINER). WORKDIR only sets the path. Throws a DockerfileProblem.
 */
export function applyInstruction(draft: ConfigDraft, instruction: Instruction, options: ApplyOptions): string[] | undefined {
  const { config } = draft;
  const expand = (word: string): string => expandWord(word, options.variables, options);
  switch (instruction.kind) {
    case 'cmd':
      config.Cmd = commandOf(config, instruction.command);
      draft.hasCmd = true;
      return config.Cmd ?? [];
    case 'entrypoint':
      config.Entrypoint = commandOf(config, instruction.command);
      // The old command was meant for the old entry point.
      if (!draft.hasCmd) config.Cmd = null;
      return config.Entrypoint ?? [];
    case 'env':
      return setEnv(config, pairsOf(instruction, expand));
    case 'label':
      return setLabels(config, pairsOf(instruction, expand));
    case 'expose':
      return setPorts(
        config,
        instruction.words.flatMap((word) => expandWords(word, options.variables, options)),
      );
    case 'volume':
      return setVolumes(config, instruction.words.map(expand));
    case 'user':
      config.User = expand(instruction.word);
      return [config.User];
    case 'workdir':
      return setWorkdir(config, expand(instruction.word));
    case 'stopsignal':
      return setStopSignal(config, expand(instruction.word));
    case 'shell':
      config.Shell = instruction.words;
      return instruction.words;
    case 'healthcheck':
      config.Healthcheck = parseHealthcheck(instruction.text);
      return config.Healthcheck.Test ?? [];
    case 'onbuild':
      config.OnBuild = [...(config.OnBuild ?? []), instruction.trigger];
      return [instruction.trigger];
    default:
      return undefined;
  }
}

/** The arguments of a program: the words themselves, or the line behind the shell of the image. */
export function shellWords({ Shell }: Pick<ImageRunConfig, 'Shell'>, command: CommandLine): string[] {
  return command.form === 'exec' ? command.words : [...(Shell ?? DEFAULT_SHELL), command.line];
}

function commandOf(config: ImageRunConfig, command: CommandLine): string[] | null {
  const words = shellWords(config, command);
  return words.length > 0 ? words : null;
}

// All names and values see the variables as they were before the instruction.
function pairsOf({ kind, pairs }: PairsInstruction, expand: (word: string) => string): [name: string, value: string][] {
  return pairs.map(({ name, value }) => {
    const expanded = expand(name);
    if (expanded === '') throw new DockerfileProblem(`${kind.toUpperCase()} names can not be blank`);
    return [expanded, expand(value)];
  });
}

function setEnv(config: ImageRunConfig, pairs: [name: string, value: string][]): string[] {
  const env = new Map((config.Env ?? []).map((entry) => [entry.split('=', 1)[0] ?? '', entry]));
  for (const [name, value] of pairs) env.set(name, `${name}=${value}`);
  config.Env = [...env.values()];
  return pairs.map(([name, value]) => `${name}=${value}`);
}

function setLabels(config: ImageRunConfig, pairs: [name: string, value: string][]): string[] {
  config.Labels = { ...config.Labels, ...Object.fromEntries(pairs) };
  return pairs.map(([name, value]) => `${name}=${value}`);
}

function setPorts(config: ImageRunConfig, ports: string[]): string[] {
  config.ExposedPorts = { ...config.ExposedPorts, ...exposedPorts(ports) };
  return ports;
}

function setVolumes(config: ImageRunConfig, paths: string[]): string[] {
  if (paths.some((path) => path.trim() === '')) throw new DockerfileProblem('VOLUME specified can not be an empty string');
  config.Volumes = { ...config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) };
  return paths;
}

function setWorkdir(config: ImageRunConfig, path: string): string[] {
  if (path === '') throw new DockerfileProblem('cannot normalize nothing');
  config.WorkingDir = posix.resolve('/', config.WorkingDir || '/', path);
  return [config.WorkingDir];
}

function setStopSignal(config: ImageRunConfig, signal: string): string[] {
  try {
    signalNumber(signal);
  } catch {
    throw new DockerfileProblem(`invalid signal: ${signal}`);
  }
  config.StopSignal = signal;
  return [signal];
}
