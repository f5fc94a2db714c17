// What may stand in `${name…}`: `:-` `-` `:+` `+` `:?` `?`, `#` `##` `%` `%%` that cut a pattern off, `/` and `//` that replace one.
// In patterns `*` is any text and `?` one character; the escape character makes them themselves. There are no `[…]` classes.
import { DockerfileProblem } from './problem.ts';
import { lookUp, type Reader, readName, readUntil } from './words.ts';

/** The reader stands behind `${`; afterwards behind `}`. */
export function substitute(reader: Reader): string {
  const first = reader.text[reader.at];
  if (first === undefined) throw new DockerfileProblem("syntax error: missing '}'");
  if (first === '{' || first === '}' || first === ':') throw new DockerfileProblem('syntax error: bad substitution');
  const name = readName(reader);
  const operator = takeOperator(reader);
  if (operator === '}') return lookUp(reader, name) ?? '';
  if (operator === '/') return replaceIn(reader, name);
  if (operator.endsWith('#') || operator.endsWith('%')) return cutOff(reader, name, operator.endsWith('#') ? '#' : '%');
  return choose(reader, name, operator);
}

function takeOperator(reader: Reader): string {
  const char = reader.text[reader.at];
  if (char === undefined) throw new DockerfileProblem("syntax error: missing '}'");
  const operator = char === ':' ? char + reader.text.charAt(reader.at + 1) : char;
  if (!/^(?:[}/]|:?[-+?#%])$/.test(operator)) throw new DockerfileProblem(`unsupported modifier (${operator}) in substitution`);
  reader.at += operator.length;
  return operator;
}

function choose(reader: Reader, name: string, operator: string): string {
  const word = readUntil(reader, '}');
  const value = lookUp(reader, name);
  // With a colon an empty value counts as none.
  const isSet = value !== undefined && !(operator.startsWith(':') && value === '');
  if (operator.endsWith('-')) return isSet ? value : word;
  if (operator.endsWith('+')) return isSet ? word : '';
  if (isSet) return value;
  throw new DockerfileProblem(`${name}: ${word || (value === undefined ? 'is not allowed to be unset' : 'is not allowed to be empty')}`);
}

function cutOff(reader: Reader, name: string, side: '#' | '%'): string {
  const word = readUntil(reader, '}', true);
  const isLongest = word.startsWith(side);
  const matches = new RegExp(`^(?:${patternSource(reader, isLongest ? word.slice(1) : word)})$`, 'u');
  const chars = [...(lookUp(reader, name) ?? '')];
  for (let step = 0; step <= chars.length; step++) {
    const length = isLongest ? chars.length - step : step;
    const part = side === '#' ? chars.slice(0, length) : chars.slice(chars.length - length);
    if (!matches.test(part.join(''))) continue;
    return (side === '#' ? chars.slice(length) : chars.slice(0, chars.length - length)).join('');
  }
  return chars.join('');
}

function replaceIn(reader: Reader, name: string): string {
  const isAll = reader.text[reader.at] === '/';
  if (isAll) reader.at++;
  const pattern = readUntil(reader, '/', true);
  const replacement = readUntil(reader, '}', true);
  const finds = new RegExp(patternSource(reader, pattern), isAll ? 'gu' : 'u');
  return (lookUp(reader, name) ?? '').replace(finds, () => replacement);
}

function patternSource({ escape: escapeChar }: Reader, pattern: string): string {
  const chars = [...pattern];
  let source = '';
  for (let at = 0; at < chars.length; at++) {
    let char = chars[at] ?? '';
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else {
      if (char === escapeChar) {
        char = chars[++at] ?? '';
        if (!['*', '?', '}', '/', escapeChar].includes(char)) {
          throw new DockerfileProblem(`invalid pattern (${pattern}) in substitution: invalid escape '${escapeChar}${char}'`);
        }
      }
      source += char.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
    }
  }
  return source;
}
