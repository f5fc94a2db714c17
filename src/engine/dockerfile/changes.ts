// `--change` of commit and import: Dockerfile instructions that only touch an image's configuration, applied one after another as a build
// would, variables of earlier ones expanded. Messages have Docker's phrases.
import { posix } from 'node:path';
import type { ImageRunConfig } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';
import { signalNumber } from '../../sys/signals.ts';
import { parseExpose } from '../create/port-spec.ts';
import { parseHealthcheck } from './healthcheck.ts';
import { expandWord, splitWords, type Variables } from './words.ts';

interface Draft {
  config: ImageRunConfig;
  /** A CMD came before: an ENTRYPOINT after it leaves it alone. */
  hasCmd: boolean;
}

type Instruction = (draft: Draft, rest: string, variables: Variables) => void;

const DEFAULT_SHELL = ['/bin/sh', '-c'];

const INSTRUCTIONS: Record<string, Instruction> = {
  cmd: setCmd,
  entrypoint: setEntrypoint,
  env: addEnv,
  expose: addPorts,
  healthcheck: setHealthcheck,
  label: addLabels,
  onbuild: addTrigger,
  shell: setShell,
  stopsignal: setStopSignal,
  user: setUser,
  volume: addVolumes,
  workdir: setWorkdir,
};

/** The configuration with `changes` applied; `config` stays as it is. Throws ERR_CHANGE. */
export function applyChanges(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  const draft: Draft = { config: structuredClone(config), hasCmd: false };
  const lines = changes.flatMap(instructionLines);
  if (changes.length > 0 && lines.length === 0) {
    throw new EngineError('ERR_CHANGE', 'file with no instructions: the changes given are empty', {
      hint: 'Give an instruction, such as: --change "CMD sh"',
    });
  }
  for (const line of lines) {
    const [, word = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(line) ?? [];
    const instruction = INSTRUCTIONS[word.toLowerCase()];
    if (!Object.hasOwn(INSTRUCTIONS, word.toLowerCase()) || !instruction) {
      throw new EngineError('ERR_CHANGE', `${word} is not a valid change command`, {
        hint: `Use one of: ${Object.keys(INSTRUCTIONS).join(', ').toUpperCase()}`,
      });
    }
    instruction(draft, rest.trim(), variablesOf(draft.config));
  }
  return draft.config;
}

// One change may hold several lines; a backslash at the end of one joins the next to it.
function instructionLines(change: string): string[] {
  return change
    .replace(/\\[ \t]*\n/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function variablesOf({ Env = [] }: ImageRunConfig): Variables {
  return new Map(
    Env.map((entry) => {
      const equals = entry.indexOf('=');
      return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}

function setCmd(draft: Draft, rest: string): void {
  draft.config.Cmd = commandOf(draft, rest);
  draft.hasCmd = true;
}

function setEntrypoint(draft: Draft, rest: string): void {
  draft.config.Entrypoint = commandOf(draft, rest);
  // The old command was meant for the old entry point.
  if (!draft.hasCmd) draft.config.Cmd = null;
}

function commandOf({ config }: Draft, rest: string): string[] | null {
  const words = jsonWords(rest) ?? (rest === '' ? [] : [...(config.Shell ?? DEFAULT_SHELL), rest]);
  return words.length > 0 ? words : null;
}

/** The exec form; undefined for anything else, which is the shell's. */
function jsonWords(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

function addEnv({ config }: Draft, rest: string, variables: Variables): void {
  const env = new Map((config.Env ?? []).map((entry) => [nameOf(entry), entry]));
  for (const [name, value] of pairsOf('ENV', rest, variables)) env.set(name, `${name}=${value}`);
  config.Env = [...env.values()];
}

const nameOf = (entry: string): string => entry.split('=', 1)[0] ?? '';

function addLabels({ config }: Draft, rest: string, variables: Variables): void {
  config.Labels = { ...config.Labels, ...Object.fromEntries(pairsOf('LABEL', rest, variables)) };
}

/** `name=value …`, or the older `name value with blanks`. */
function pairsOf(what: string, rest: string, variables: Variables): [name: string, value: string][] {
  const words = splitWords(rest);
  const [first] = words;
  if (first === undefined) throw bad(`${what} requires at least one argument`);
  if (!first.includes('=')) {
    const value = rest.slice(first.length).trim();
    if (value === '') throw bad(`${what} must have two arguments`);
    return [[named(what, expandWord(first, variables)), expandWord(value, variables)]];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0) throw bad(`Syntax error - can't find = in "${word}". Must be of the form: name=value`);
    return [named(what, expandWord(word.slice(0, equals), variables)), expandWord(word.slice(equals + 1), variables)];
  });
}

function named(what: string, name: string): string {
  if (name === '') throw bad(`${what} names can not be blank`);
  return name;
}

function addPorts({ config }: Draft, rest: string, variables: Variables): void {
  const ports = wordsOf('EXPOSE', rest, variables);
  try {
    config.ExposedPorts = { ...config.ExposedPorts, ...parseExpose(ports) };
  } catch (error) {
    throw error instanceof EngineError ? bad(`invalid containerPort: ${ports.join(' ')}`) : error;
  }
}

function addVolumes({ config }: Draft, rest: string, variables: Variables): void {
  const paths = jsonWords(rest)?.map((word) => expandWord(word, variables)) ?? wordsOf('VOLUME', rest, variables);
  if (paths.length === 0) throw bad('VOLUME requires at least one argument');
  if (paths.some((path) => path.trim() === '')) throw bad('VOLUME specified can not be an empty string');
  config.Volumes = { ...config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) };
}

function wordsOf(what: string, rest: string, variables: Variables): string[] {
  const words = splitWords(rest).map((word) => expandWord(word, variables));
  if (words.length === 0) throw bad(`${what} requires at least one argument`);
  // A variable may have brought blanks: what it brought are words.
  return words.flatMap((word) => word.split(/\s+/).filter(Boolean));
}

function onlyWord(what: string, rest: string, variables: Variables): string {
  const words = splitWords(rest);
  if (words.length !== 1) throw bad(`${what} requires exactly one argument`);
  return expandWord(words[0] ?? '', variables);
}

function setUser({ config }: Draft, rest: string, variables: Variables): void {
  config.User = onlyWord('USER', rest, variables);
}

function setWorkdir({ config }: Draft, rest: string, variables: Variables): void {
  if (rest === '') throw bad('WORKDIR requires exactly one argument');
  const path = expandWord(rest, variables);
  if (path === '') throw bad('cannot normalize nothing');
  config.WorkingDir = posix.resolve('/', config.WorkingDir || '/', path);
}

function setStopSignal({ config }: Draft, rest: string, variables: Variables): void {
  const signal = onlyWord('STOPSIGNAL', rest, variables);
  try {
    signalNumber(signal);
  } catch {
    throw bad(`invalid signal: ${signal}`);
  }
  config.StopSignal = signal;
}

function setShell({ config }: Draft, rest: string): void {
  const words = jsonWords(rest);
  if (!words) throw bad('SHELL requires the arguments to be in JSON form');
  if (words.length === 0) throw bad('SHELL requires at least one argument');
  config.Shell = words;
}

function setHealthcheck({ config }: Draft, rest: string): void {
  config.Healthcheck = parseHealthcheck(rest, jsonWords, bad);
}

function addTrigger({ config }: Draft, rest: string): void {
  const [first = ''] = rest.split(/\s+/, 1);
  const name = first.toUpperCase();
  if (name === '') throw bad('ONBUILD requires at least one argument');
  if (name === 'ONBUILD') throw bad("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (name === 'FROM' || name === 'MAINTAINER') throw bad(`${name} isn't allowed as an ONBUILD trigger`);
  config.OnBuild = [...(config.OnBuild ?? []), rest];
}

const bad = (message: string): EngineError => new EngineError('ERR_CHANGE', `Cannot apply the change: ${message}`);
