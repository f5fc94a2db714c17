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
  chars: string[];
  at: number;
  variables: Variables;
  /** Words so far, and the one that is being read. */
  words: string[];
  word: string | undefined;
}

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
  const reader: Reader = { ...rules, escape: rules.escape ?? '\\', chars: [...source], at: 0, variables, words: [], word: undefined };
  try {
    const text = readUntil(reader, '');
    return { text, words: reader.word === undefined || reader.word === '' ? reader.words : [...reader.words, reader.word] };
  } catch (error) {
    if (!(error instanceof DockerfileProblem)) throw error;
    throw new DockerfileProblem(`failed to process ${JSON.stringify(source)}: ${error.message}`);
  }
}

/** Reads up to `end`, which is taken, or to the end of the text. `keepEscapes`: they stay, for a pattern to be made of it. */
export function readUntil(reader: Reader, end: string, keepEscapes = false): string {
  let result = '';
  while (reader.at < reader.chars.length) {
    const char = reader.chars[reader.at] ?? '';
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
      piece = char;
      reader.at++;
    }
    result += piece;
    // Blanks of quotes and escapes do not end a word.
    if (end === '') addToWords(reader, piece, isQuote || char === reader.escape);
  }
  if (end !== '') throw new DockerfileProblem(`syntax error: missing '${end}'${end === '/' ? ' in a substitution' : ''}`);
  return result;
}

function addToWords(reader: Reader, piece: string, isWhole: boolean): void {
  const parts = isWhole ? [piece] : piece.split(/(\s+)/);
  for (const part of parts) {
    if (isWhole || (part !== '' && !/^\s/.test(part))) reader.word = (reader.word ?? '') + part;
    else if (part !== '' && reader.word !== undefined && reader.word !== '') {
      reader.words.push(reader.word);
      reader.word = undefined;
    }
  }
}

// An escape character at the very end means nothing.
function readEscape(reader: Reader, keepEscapes: boolean): string {
  const next = reader.chars[reader.at + 1] ?? '';
  reader.at += 2;
  return keepEscapes ? reader.escape + next : next;
}

function readSingle(reader: Reader): string {
  const close = reader.chars.indexOf("'", reader.at + 1);
  if (close < 0) throw new DockerfileProblem('unexpected end of statement while looking for matching single-quote');
  const inside = reader.chars.slice(reader.at + 1, close).join('');
  reader.at = close + 1;
  return inside;
}

function readDouble(reader: Reader): string {
  let result = '';
  for (reader.at++; reader.at < reader.chars.length; ) {
    const char = reader.chars[reader.at] ?? '';
    const next = reader.chars[reader.at + 1];
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
  if (reader.chars[reader.at] === '{') {
    reader.at++;
    return substitute(reader);
  }
  const name = readName(reader);
  return name === '' ? '$' : (lookUp(reader, name) ?? '');
}

/** Letters, digits and `_`; digits alone where it begins with one; else one of the shell's own parameters. */
export function readName(reader: Reader): string {
  const rest = reader.chars.slice(reader.at, reader.at + 1000).join('');
  const name = /^(?:\p{Nd}+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*)/u.exec(rest)?.[0] ?? '';
  reader.at += [...name].length;
  return name;
}

/** The variable's value; undefined where it is not set. */
export function lookUp(reader: Reader, name: string): string | undefined {
  const value = reader.variables.get(name);
  reader.onUse?.(name, value !== undefined);
  return value;
}
