// Functions of texts, times, digests and paths. Regular expressions are JavaScript's, which agree with Go's but for `(?P<name>…)`, rewritten here.
import { basename, dirname } from 'node:path';
import type { Value } from './ast.ts';
import { formatDate } from './format-date.ts';
import { type HclFunction, of } from './functions-kit.ts';
import { toBoolean, toList, toNumber, toText } from './values.ts';

const text = (work: (a: string) => Value): HclFunction => of(1, 1, (a) => work(toText(a)));
const texts = (work: (a: string, b: string) => Value): HclFunction => of(2, 2, (a, b) => work(toText(a), toText(b)));
const digest = (algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512'): HclFunction =>
  text((a) => new Bun.CryptoHasher(algorithm).update(a).digest('hex'));
const pattern = (source: string, flags: string): RegExp => new RegExp(source.replaceAll('(?P<', '(?<'), flags);

export const TEXTS: Readonly<Record<string, HclFunction>> = {
  base64decode: text((a) => Buffer.from(a, 'base64').toString()),
  base64encode: text((a) => Buffer.from(a).toString('base64')),
  basename: text((a) => basename(a)),
  chomp: text((a) => a.replace(/[\r\n]+$/, '')),
  dirname: text((a) => dirname(a)),
  format: (args) => formatText(args),
  formatdate: texts((shape, time) => formatDate(shape, new Date(timeOf(time)))),
  formatlist: (args) => {
    const count = Math.max(...args.map((arg) => (Array.isArray(arg) ? arg.length : 0)));
    if (args.some((arg) => Array.isArray(arg) && arg.length !== count)) throw new Error('the lists have different lengths');
    return Array.from({ length: count }, (_, at) => formatText(args.map((arg) => (Array.isArray(arg) ? (arg[at] as Value) : arg))));
  },
  indent: of(2, 2, (width, a) => toText(a).replaceAll('\n', `\n${' '.repeat(toNumber(width))}`)),
  join: (args) =>
    args
      .slice(1)
      .flatMap((list) => toList(list).map(toText))
      .join(toText(args[0] ?? '')),
  jsondecode: text((a) => JSON.parse(a)),
  jsonencode: of(1, 1, (a) => JSON.stringify(a)),
  lower: text((a) => a.toLowerCase()),
  md5: digest('md5'),
  regex: texts((source, a) => {
    const match = pattern(source, 'u').exec(a);
    if (!match) throw new Error('pattern did not match any part of the given string');
    return captures(match);
  }),
  regex_replace: of(3, 3, (a, source, by) => toText(a).replace(pattern(toText(source), 'gu'), goReplacement(toText(by)))),
  regexall: texts((source, a) => [...a.matchAll(pattern(source, 'gu'))].map(captures)),
  replace: of(3, 3, (a, what, by) => toText(a).replaceAll(toText(what), () => toText(by))),
  reverse: of(1, 1, (a) => (Array.isArray(a) ? a.toReversed() : [...toText(a)].reverse().join(''))),
  sanitize: text((a) => a.replace(/[^a-zA-Z0-9_-]/g, '_')),
  sha1: digest('sha1'),
  sha256: digest('sha256'),
  sha512: digest('sha512'),
  split: texts((separator, a) => a.split(separator)),
  startswith: texts((a, b) => a.startsWith(b)),
  endswith: texts((a, b) => a.endsWith(b)),
  strlen: text((a) => [...a].length),
  substr: of(3, 3, (a, from, length) => {
    const letters = [...toText(a)];
    const start = toNumber(from) < 0 ? letters.length + toNumber(from) : toNumber(from);
    return letters.slice(start, toNumber(length) < 0 ? undefined : start + toNumber(length)).join('');
  }),
  timeadd: texts((time, span) => goTime(new Date(timeOf(time) + spanOf(span)))),
  timestamp: of(0, 0, () => goTime(new Date())),
  title: text((a) => a.replace(/(^|[^\p{L}\p{N}_])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase())),
  tobool: of(1, 1, (a) => toBoolean(a)),
  tonumber: of(1, 1, (a) => toNumber(a)),
  tostring: of(1, 1, (a) => toText(a)),
  trim: texts((a, set) => trimSet(a, set)),
  trimprefix: texts((a, b) => (a.startsWith(b) ? a.slice(b.length) : a)),
  trimspace: text((a) => a.trim()),
  trimsuffix: texts((a, b) => (b !== '' && a.endsWith(b) ? a.slice(0, -b.length) : a)),
  upper: text((a) => a.toUpperCase()),
  urlencode: text((a) => encodeURIComponent(a).replaceAll('%20', '+')),
  homedir: of(0, 0, () => process.env.HOME ?? '/'),
  uuidv4: of(0, 0, () => crypto.randomUUID()),
};

function captures(match: RegExpMatchArray): Value {
  if (match.groups) return { ...match.groups };
  return match.length === 1 ? match[0] : match.slice(1).map((group) => group ?? null);
}

/** Go's `$1`, `${1}`, `${name}` in JavaScript's spelling. */
function goReplacement(by: string): string {
  return by.replace(/\$\$|\$(\d+)|\$\{(\w+)\}/g, (all, digits?: string, name?: string) => {
    if (all === '$$') return '$$';
    const word = digits ?? name ?? '';
    return /^\d+$/.test(word) ? (word === '0' ? '$&' : `$${word}`) : `$<${word}>`;
  });
}

function trimSet(a: string, set: string): string {
  const letters = [...a];
  while (letters.length > 0 && set.includes(letters[0] as string)) letters.shift();
  while (letters.length > 0 && set.includes(letters.at(-1) as string)) letters.pop();
  return letters.join('');
}

function formatText(args: Value[]): string {
  const [shape = '', ...values] = args;
  let next = 0;
  const value = (): Value => {
    const found = values[next++];
    if (found === undefined) throw new Error('not enough arguments for the format');
    return found;
  };
  const text = toText(shape).replace(
    /%(%|([-+ 0#]*)(\d+)?(?:\.(\d+))?([a-zA-Z]))/g,
    (all, sign: string, flags = '', width = '', digits?: string, verb = '') => {
      if (sign === '%') return '%';
      const shown = verbText(verb, value(), digits === undefined ? undefined : Number(digits));
      if (shown === undefined) throw new Error(`unsupported format "${all}"`);
      if (flags.includes('-')) return shown.padEnd(Number(width));
      return flags.includes('0') && !'sqv'.includes(verb) ? shown.padStart(Number(width), '0') : shown.padStart(Number(width));
    },
  );
  if (next < values.length) throw new Error('too many arguments for the format');
  return text;
}

function verbText(verb: string, value: Value, digits: number | undefined): string | undefined {
  switch (verb) {
    case 's':
      return digits === undefined ? toText(value) : [...toText(value)].slice(0, digits).join('');
    case 'q':
      return JSON.stringify(toText(value));
    case 'v':
      return typeof value === 'object' ? JSON.stringify(value) : toText(value);
    case 'd':
      return String(Math.trunc(toNumber(value)));
    case 'f':
      return toNumber(value).toFixed(digits ?? 6);
    case 'g':
      return String(toNumber(value));
    case 'x':
      return Math.trunc(toNumber(value)).toString(16);
    case 'X':
      return Math.trunc(toNumber(value)).toString(16).toUpperCase();
    case 'o':
      return Math.trunc(toNumber(value)).toString(8);
    case 'b':
      return Math.trunc(toNumber(value)).toString(2);
    case 't':
      return String(toBoolean(value));
    default:
      return undefined;
  }
}

function timeOf(time: string): number {
  const at = Date.parse(time);
  if (Number.isNaN(at)) throw new Error(`"${time}" is no time, such as 2024-05-01T12:00:00Z`);
  return at;
}

const SPANS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function spanOf(span: string): number {
  if (!/^[-+]?(\d+(\.\d+)?(ms|s|m|h))+$/.test(span)) throw new Error(`"${span}" is no span of time, such as 1h30m`);
  const sum = [...span.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (ms, [, amount, unit]) => ms + Number(amount) * (SPANS[unit ?? ''] ?? 0),
    0,
  );
  return span.startsWith('-') ? -sum : sum;
}

const goTime = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');
