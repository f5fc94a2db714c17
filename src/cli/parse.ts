// Parses a command line as Docker's pflag does: `-it` clusters, `-p80:80`, `-eA=b`, `--flag=value`, `--flag value`, `--rm=false`,
// `--` ends the flags, and `stopAtFirstArgument` leaves the rest to the container. Messages and exit codes are Docker's: 125 for a bad
// flag, 1 for a wrong number of arguments. @oclif/core's parser has another grammar and costs 35 ms to load.
import { EngineError, messageOf } from '../sys/errors.ts';
import type { Flag, FlagSet } from './flag.ts';

export interface Grammar {
  flags: FlagSet;
  stopAtFirstArgument: boolean;
  minArgs: number;
  maxArgs: number;
}

export interface ParsedLine {
  flags: Record<string, unknown>;
  args: string[];
  given: Set<string>;
  /** `--help` was asked for; nothing after it was read. */
  help: boolean;
}

/** Splits `words` into flags and arguments; throws EngineError ERR_USAGE (exit code 125) with pflag's message. */
export function parseLine(grammar: Pick<Grammar, 'flags' | 'stopAtFirstArgument'>, words: readonly string[]): ParsedLine {
  const line: ParsedLine = { flags: defaultsOf(grammar.flags), args: [], given: new Set(), help: false };
  const names = indexOf(grammar.flags);
  let index = 0;
  while (index < words.length) {
    const word = words[index++] as string;
    if (word === '--') {
      line.args.push(...words.slice(index));
      break;
    }
    if (word.length < 2 || word[0] !== '-') {
      line.args.push(word);
      if (!grammar.stopAtFirstArgument) continue;
      line.args.push(...words.slice(index));
      break;
    }
    const next = (): string | undefined => words[index++];
    const isHelp = word.startsWith('--') ? readLong(line, names, word, next) : readCluster(line, names, word, next);
    if (isHelp) {
      line.help = true;
      break;
    }
  }
  return line;
}

/** Docker's sentence when the number of arguments is wrong ('skiff stop' requires at least 1 argument), or undefined. */
export function argumentCountProblem(
  command: string,
  count: number,
  { minArgs, maxArgs }: Pick<Grammar, 'minArgs' | 'maxArgs'>,
): string | undefined {
  if (count >= minArgs && count <= maxArgs) return undefined;
  const counted = (limit: number): string => `${limit} ${limit === 1 ? 'argument' : 'arguments'}`;
  if (maxArgs === 0) return `'${command}' accepts no arguments`;
  if (minArgs === maxArgs) return `'${command}' requires ${counted(minArgs)}`;
  if (maxArgs === Number.POSITIVE_INFINITY) return `'${command}' requires at least ${counted(minArgs)}`;
  if (minArgs === 0) return `'${command}' requires at most ${counted(maxArgs)}`;
  return `'${command}' requires at least ${minArgs} and at most ${counted(maxArgs)}`;
}

interface Named {
  name: string;
  flag: Flag;
}
interface Names {
  long: Map<string, Named>;
  short: Map<string, Named>;
}

function indexOf(flags: FlagSet): Names {
  const long = new Map<string, Named>();
  const short = new Map<string, Named>();
  for (const [name, flag] of Object.entries(flags)) {
    for (const key of [name, ...(flag.aliases ?? [])]) long.set(key, { name, flag });
    if (flag.char) short.set(flag.char, { name, flag });
  }
  return { long, short };
}

function defaultsOf(flags: FlagSet): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) values[name] = Array.isArray(flag.default) ? [...flag.default] : flag.default;
  return values;
}

function readLong(line: ParsedLine, names: Names, word: string, next: () => string | undefined): boolean {
  const body = word.slice(2);
  if (body[0] === '-' || body[0] === '=') throw usageError(`bad flag syntax: ${word}`);
  const equals = body.indexOf('=');
  const typed = equals === -1 ? body : body.slice(0, equals);
  const named = names.long.get(typed);
  if (!named) {
    if (typed === 'help') return true;
    throw usageError(`unknown flag: --${typed}`);
  }
  const value = equals === -1 ? (bareValueOf(named.flag) ?? next()) : body.slice(equals + 1);
  if (value === undefined) throw usageError(`flag needs an argument: --${typed}`);
  assign(line, named, value, `--${typed}`);
  return false;
}

/** `-abc`: letters up to the first that takes a value, whose value is the rest, with or without `=`, or the next word. */
function readCluster(line: ParsedLine, names: Names, word: string, next: () => string | undefined): boolean {
  let letters = word.slice(1);
  while (letters !== '') {
    const letter = letters[0] as string;
    const named = names.short.get(letter);
    if (!named) {
      if (letter === 'h') return true;
      throw usageError(`unknown shorthand flag: '${letter}' in -${letters}`);
    }
    const rest = letters.slice(1);
    const bare = bareValueOf(named.flag);
    if (rest.length > 1 && rest[0] === '=') {
      assign(line, named, rest.slice(1), `--${named.name}`);
      return false;
    }
    if (bare === undefined) {
      const value = rest === '' ? next() : rest;
      if (value === undefined) throw usageError(`flag needs an argument: '${letter}' in -${letters}`);
      assign(line, named, value, `--${named.name}`);
      return false;
    }
    assign(line, named, bare, `--${named.name}`);
    letters = rest;
  }
  return false;
}

function bareValueOf(flag: Flag): string | undefined {
  if (flag.type === 'boolean') return 'true';
  return flag.multiple ? undefined : flag.bareValue;
}

function assign(line: ParsedLine, { name, flag }: Named, text: string, typed: string): void {
  let value: unknown;
  try {
    value = flag.type === 'boolean' ? parseBoolean(text) : flag.parse(text);
  } catch (error) {
    const shown = flag.char && typed === `--${name}` ? `-${flag.char}, ${typed}` : typed;
    throw usageError(`invalid argument "${text}" for "${shown}" flag: ${messageOf(error)}`);
  }
  const held = line.flags[name];
  if (flag.type === 'option' && flag.multiple && line.given.has(name) && Array.isArray(held)) held.push(value);
  else line.flags[name] = flag.type === 'option' && flag.multiple ? [value] : value;
  line.given.add(name);
}

/** Go's strconv.ParseBool. */
function parseBoolean(text: string): boolean {
  if (/^(1|t|T|true|True|TRUE)$/.test(text)) return true;
  if (/^(0|f|F|false|False|FALSE)$/.test(text)) return false;
  throw new Error('must be true or false');
}

function usageError(message: string): EngineError {
  return new EngineError('ERR_USAGE', message, { exitCode: 125 });
}
