// `--name=value` between an instruction's name and its arguments. They end at the first word without dashes, or at `--`, which then
// is an argument. Quotes and backslashes in them are resolved here, variables are not.
import { DockerfileProblem, didYouMean } from './problem.ts';

export interface RawFlag {
  text: string;
  /** Where it was written in the line. */
  at: number;
}

/** The flags at `from` of a line, and where what follows them begins. */
export function takeFlags(line: string, from: number): { flags: RawFlag[]; restAt: number } {
  const flags: RawFlag[] = [];
  let at = skipBlanks(line, from);
  while (line.startsWith('--', at)) {
    const start = at;
    let text = '';
    let quote = '';
    for (; at < line.length && (quote !== '' || !/\s/.test(line.charAt(at))); at++) {
      const char = line.charAt(at);
      if (char === '\\') text += line.charAt(++at);
      else if (char === quote) quote = '';
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      else text += char;
    }
    if (text === '--') return { flags, restAt: start };
    flags.push({ text, at: start });
    at = skipBlanks(line, at);
  }
  return { flags, restAt: Math.min(at, line.length) };
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (at < line.length && /\s/.test(line.charAt(at))) at++;
  return at;
}

/** What kinds of flags an instruction has, by name. */
export type FlagTable = Readonly<Record<string, 'text' | 'texts' | 'switch'>>;

export interface Flags {
  text(name: string): string | undefined;
  texts(name: string): { value: string; at: number }[];
  isOn(name: string): boolean;
  has(name: string): boolean;
  /** Where it was written; 0 where it was not. */
  at(name: string): number;
}

/** Throws a DockerfileProblem at the flag that is unknown, given twice, or has a wrong value. */
export function readFlags(raw: readonly RawFlag[], table: FlagTable): Flags {
  const values = new Map<string, { value: string; at: number }[]>();
  for (const { text, at } of raw) {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text.slice(2) : text.slice(2, equals);
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined) throw new DockerfileProblem(`unknown flag: --${name}${didYouMean(name, Object.keys(table))}`, { at });
    const known = values.get(name) ?? [];
    if (known.length > 0 && kind !== 'texts') throw new DockerfileProblem(`duplicate flag specified: --${name}`, { at });
    values.set(name, [...known, { value: flagValue(name, kind, equals < 0 ? undefined : text.slice(equals + 1), at), at }]);
  }
  const text = (name: string) => values.get(name)?.[0]?.value;
  return {
    text,
    texts: (name) => values.get(name) ?? [],
    isOn: (name) => text(name) === 'true',
    has: (name) => values.has(name),
    at: (name) => values.get(name)?.[0]?.at ?? 0,
  };
}

function flagValue(name: string, kind: FlagTable[string], value: string | undefined, at: number): string {
  if (kind !== 'switch') {
    if (value === undefined) throw new DockerfileProblem(`missing a value on flag: --${name}`, { at });
    return value;
  }
  const lower = value?.toLowerCase() ?? 'true';
  if (lower === 'true' || lower === 'false') return lower;
  if (lower === '') throw new DockerfileProblem(`missing a value on flag: --${name}`, { at });
  throw new DockerfileProblem(`expecting boolean value for flag --${name}, not: ${value}`, { at });
}
