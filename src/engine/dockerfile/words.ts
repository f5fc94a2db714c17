// The words of a Dockerfile instruction, read as its shell-like rules say: quotes, the file's escape character, `$name`, `${name…}`.
// Single quotes keep everything; double quotes keep blanks and expand variables. What `${name…}` may hold: substitution.ts.
import { DockerfileProblem } from './problem.ts';
import { substitute } from './substitution.ts';

export type Variables = ReadonlyMap<string, string>;

export interface WordOptions {
  /** The file's escape character. */
  escape?: '\\' | '`' | undefined;
  /** Called for each variable that is used. */
  onUse?: ((name: string, isSet: boolean) => void) | undefined;
}

/** Cuts at blanks, those in quotes apart; quotes and escapes stay in the words. `at`: where each begins. */
export function splitWords(text: string, escapeChar = '\\'): { word: string; at: number }[] {
  const words: { word: string; at: number }[] = [];
  let word = '';
  let quote = '';
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (quote === '' && /\s/.test(char)) {
      if (word !== '') words.push({ word, at: start });
      word = '';
      continue;
    }
    if (word === '') start = at;
    // At the very end it means nothing.
    if (char === escapeChar && quote !== "'") word += at + 1 < text.length ? char + text.charAt(++at) : '';
    else {
      if (char === quote) quote = '';
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      word += char;
    }
  }
  return word === '' ? words : [...words, { word, at: start }];
}

interface Rules extends Pick<WordOptions, 'onUse'> {
  escape: string;
  /** Quotes mean nothing: the text of a heredoc. */
  plainQuotes?: boolean;
}

export interface Reader extends Rules {
  text: string;
  at: number;
  variables: Variables;
  /** Words so far; the last one is being read while `isInWord`. */
  words: string[];
  isInWord: boolean;
}

// What never means anything but itself; a heredoc may be long.
const PLAIN = /[^$'"\\`}/]+/y;
const LONGEST_SHOWN = 200;

/** The word without its quotes and escapes, its variables replaced. Throws a DockerfileProblem. */
export const expandWord = (word: string, variables: Variables, options: WordOptions = {}): string =>
  whole(word, variables, { escape: '\\', ...options }).text;

/** The same, cut at the blanks that variables brought too, those in quotes apart: EXPOSE's ports. */
export const expandWords = (word: string, variables: Variables, options: WordOptions = {}): string[] =>
  whole(word, variables, { escape: '\\', ...options }).words;

/** The text of a heredoc, its variables replaced; quotes in it are text, and a backslash takes the meaning of what follows. */
export const expandHeredoc = (text: string, variables: Variables, options: Pick<WordOptions, 'onUse'> = {}): string =>
  whole(text, variables, { ...options, escape: '\\', plainQuotes: true }).text;

function whole(source: string, variables: Variables, rules: Rules & { escape: string | undefined }): { text: string; words: string[] } {
  const reader: Reader = { ...rules, escape: rules.escape ?? '\\', text: source, at: 0, variables, words: [], isInWord: false };
  try {
    return { text: readUntil(reader, ''), words: reader.words.filter((word) => word !== '') };
  } catch (error) {
    if (!(error instanceof DockerfileProblem)) throw error;
    const shown = source.length > LONGEST_SHOWN ? `${source.slice(0, LONGEST_SHOWN)}…` : source;
    throw new DockerfileProblem(`failed to process ${JSON.stringify(shown)}: ${error.message}`);
  }
}

/** Reads up to `end`, which is taken, or to the end of the text. `keepEscapes`: they stay, for a pattern to be made of it. */
export function readUntil(reader: Reader, end: string, keepEscapes = false): string {
  let result = '';
  while (reader.at < reader.text.length) {
    const char = reader.text.charAt(reader.at);
    if (char === end) {
      reader.at++;
      return result;
    }
    const isQuote = !reader.plainQuotes && (char === "'" || char === '"');
    let piece: string;
    if (isQuote) piece = char === "'" ? readSingle(reader) : readDouble(reader);
    else if (char === '$') piece = readVariable(reader);
    else if (char === reader.escape) piece = readEscape(reader, keepEscapes);
    else {
      PLAIN.lastIndex = reader.at;
      piece = PLAIN.exec(reader.text)?.[0] ?? char;
      reader.at += piece.length;
    }
    result += piece;
    // Blanks of quotes and escapes do not end a word.
    if (end === '') addToWords(reader, piece, isQuote || char === reader.escape);
  }
  if (end !== '') throw new DockerfileProblem(`syntax error: missing '${end}'${end === '/' ? ' in a substitution' : ''}`);
  return result;
}

function addToWords(reader: Reader, piece: string, isWhole: boolean): void {
  if (reader.plainQuotes) return;
  for (const part of isWhole ? [piece] : piece.split(/(\s+)/)) {
    const isBlank = !isWhole && /^\s*$/.test(part);
    if (!isBlank) reader.words.push((reader.isInWord ? (reader.words.pop() ?? '') : '') + part);
    // Nothing between two blanks, or at an end of the piece, ends no word.
    if (!isBlank || part !== '') reader.isInWord = !isBlank;
  }
}

// An escape character at the very end means nothing.
function readEscape(reader: Reader, keepEscapes: boolean): string {
  const next = reader.text.charAt(reader.at + 1);
  reader.at += 2;
  return keepEscapes ? reader.escape + next : next;
}

function readSingle(reader: Reader): string {
  const close = reader.text.indexOf("'", reader.at + 1);
  if (close < 0) throw new DockerfileProblem('unexpected end of statement while looking for matching single-quote');
  const inside = reader.text.slice(reader.at + 1, close);
  reader.at = close + 1;
  return inside;
}

function readDouble(reader: Reader): string {
  let result = '';
  for (reader.at++; reader.at < reader.text.length; ) {
    const char = reader.text.charAt(reader.at);
    const next = reader.text[reader.at + 1];
    if (char === '"') {
      reader.at++;
      return result;
    }
    if (char === '$') result += readVariable(reader);
    else if (char === reader.escape && (next === '"' || next === '$' || next === reader.escape)) {
      result += next;
      reader.at += 2;
    } else {
      result += char;
      reader.at++;
    }
  }
  throw new DockerfileProblem('unexpected end of statement while looking for matching double-quote');
}

function readVariable(reader: Reader): string {
  reader.at++;
  if (reader.text[reader.at] === '{') {
    reader.at++;
    return substitute(reader);
  }
  const name = readName(reader);
  return name === '' ? '$' : (lookUp(reader, name) ?? '');
}

/** Letters, digits and `_`; digits alone where it begins with one; else one of the shell's own parameters. */
export function readName(reader: Reader): string {
  NAME.lastIndex = reader.at;
  const name = NAME.exec(reader.text)?.[0] ?? '';
  reader.at += name.length;
  return name;
}

const NAME = /\p{Nd}+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*/uy;

/** The variable's value; undefined where it is not set. */
export function lookUp(reader: Reader, name: string): string | undefined {
  const value = reader.variables.get(name);
  reader.onUse?.(name, value !== undefined);
  return value;
}
