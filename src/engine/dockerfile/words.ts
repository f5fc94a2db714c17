// The words of a Dockerfile instruction, read as its shell-like rules say: quotes, the escape character, `$name` and
// `${name}` with `:-`, `-`, `:+`, `+`, `:?`, `?`. Single quotes keep everything; double quotes keep blanks and expand variables.
import { EngineError } from '../../sys/errors.ts';

export type Variables = ReadonlyMap<string, string>;

/** Cuts at blanks, those in quotes apart; quotes and escapes stay in the words. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\' && quote !== "'") word += char + text.charAt(++at);
    else if (quote === '' && /\s/.test(char)) {
      if (word !== '') words.push(word);
      word = '';
    } else {
      if (char === quote) quote = '';
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      word += char;
    }
  }
  return word === '' ? words : [...words, word];
}

/** The word without its quotes and escapes, its variables replaced. Throws ERR_CHANGE. */
export function expandWord(word: string, variables: Variables): string {
  const reader = createReader(word);
  const text = readUntil(reader, '', variables);
  return text;
}

interface Reader {
  text: string;
  at: number;
}

const createReader = (text: string): Reader => ({ text, at: 0 });

/** Reads up to the character `end`, which is taken, or to the end of the text. */
function readUntil(reader: Reader, end: string, variables: Variables): string {
  let result = '';
  while (reader.at < reader.text.length) {
    const char = reader.text.charAt(reader.at);
    if (char === end) {
      reader.at++;
      return result;
    }
    if (char === "'") result += readSingle(reader);
    else if (char === '"') result += readDouble(reader, variables);
    else if (char === '$') result += readVariable(reader, variables);
    else if (char === '\\' && reader.at + 1 < reader.text.length) {
      result += reader.text.charAt(reader.at + 1);
      reader.at += 2;
    } else {
      result += char;
      reader.at++;
    }
  }
  if (end !== '') throw bad(`unexpected end of statement while looking for matching ${end === '}' ? 'brace' : end}`);
  return result;
}

function readSingle(reader: Reader): string {
  const close = reader.text.indexOf("'", reader.at + 1);
  if (close < 0) throw bad('unexpected end of statement while looking for matching single-quote');
  const inside = reader.text.slice(reader.at + 1, close);
  reader.at = close + 1;
  return inside;
}

function readDouble(reader: Reader, variables: Variables): string {
  let result = '';
  for (reader.at++; reader.at < reader.text.length; ) {
    const char = reader.text.charAt(reader.at);
    const next = reader.text.charAt(reader.at + 1);
    if (char === '"') {
      reader.at++;
      return result;
    }
    if (char === '$') result += readVariable(reader, variables);
    else if (char === '\\' && (next === '"' || next === '$' || next === '\\')) {
      result += next;
      reader.at += 2;
    } else {
      result += char;
      reader.at++;
    }
  }
  throw bad('unexpected end of statement while looking for matching double-quote');
}

function readVariable(reader: Reader, variables: Variables): string {
  reader.at++;
  if (reader.text.charAt(reader.at) === '{') return readBraced(reader, variables);
  const name = /^(?:[A-Za-z_]\w*|[0-9@*#])/.exec(reader.text.slice(reader.at))?.[0];
  if (name === undefined) return '$';
  reader.at += name.length;
  return variables.get(name) ?? '';
}

function readBraced(reader: Reader, variables: Variables): string {
  reader.at++;
  const name = /^(?:[A-Za-z_]\w*|[0-9@*#])/.exec(reader.text.slice(reader.at))?.[0];
  if (name === undefined) throw bad('syntax error: bad substitution');
  reader.at += name.length;
  const value = variables.get(name);
  const [operator = ''] = /^(?:\}|:?[-+?])/.exec(reader.text.slice(reader.at)) ?? [];
  if (operator === '') throw bad('unsupported modifier in substitution');
  reader.at += operator.length;
  if (operator === '}') return value ?? '';
  const word = readUntil(reader, '}', variables);
  // With a colon an empty value counts as none.
  const isSet = value !== undefined && !(operator.startsWith(':') && value === '');
  if (operator.endsWith('-')) return isSet ? value : word;
  if (operator.endsWith('+')) return isSet ? word : '';
  if (!isSet) throw bad(`${name}: ${word || 'is not allowed to be unset'}`);
  return value;
}

const bad = (message: string): EngineError => new EngineError('ERR_CHANGE', `Cannot apply the change: ${message}`);
