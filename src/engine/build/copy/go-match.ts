// The wildcards of COPY and ADD: the rules of Go's path/filepath.Match, for one name at a time. `*` and `?` stop at a slash, `[a-z]` and
// `[^a-z]` are sets, a backslash takes the next character as it is; there is no `**`. A pattern that is malformed matches nothing.
// Names are byte strings, and `?` is one character of UTF-8, not one byte.
import { shown } from '../../../storage/layer-path.ts';

/** Whether the text has an unescaped `*`, `?` or `[`. */
export function hasWildcard(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '*' || char === '?' || char === '[') return true;
  }
  return false;
}

/** Whether `name` (a byte string without a slash) matches `pattern` (text). */
export function matchName(pattern: string, name: string): boolean {
  try {
    return matchFrom([...pattern], 0, [...shown(name)], 0);
  } catch (error) {
    if (error instanceof BadPattern) return false;
    throw error;
  }
}

/** Whether Go's Match would take the pattern at all. */
export function isGoodPattern(pattern: string): boolean {
  try {
    for (const { isEnd } of scan([...pattern])) if (isEnd) return true;
    return true;
  } catch (error) {
    if (error instanceof BadPattern) return false;
    throw error;
  }
}

class BadPattern extends Error {}

function matchFrom(pattern: string[], from: number, name: string[], start: number): boolean {
  let at = from;
  let place = start;
  while (at < pattern.length) {
    if (pattern[at] === '*') {
      while (pattern[at] === '*') at++;
      if (at === pattern.length) return !name.slice(place).includes('/');
      for (let end = place; end <= name.length; end++) {
        if (matchFrom(pattern, at, name, end)) return true;
        if (name[end] === '/') break;
      }
      return false;
    }
    const piece = pieceAt(pattern, at);
    const char = name[place];
    if (char === undefined || !piece.takes(char)) return false;
    at = piece.next;
    place++;
  }
  return place === name.length;
}

interface Piece {
  takes: (char: string) => boolean;
  next: number;
}

function pieceAt(pattern: string[], at: number): Piece {
  const char = pattern[at];
  if (char === '?') return { takes: (found) => found !== '/', next: at + 1 };
  if (char === '[') return setAt(pattern, at + 1);
  if (char !== '\\') return { takes: (found) => found === char, next: at + 1 };
  const escaped = pattern[at + 1];
  if (escaped === undefined) throw new BadPattern();
  return { takes: (found) => found === escaped, next: at + 2 };
}

function setAt(pattern: string[], start: number): Piece {
  const isNegated = pattern[start] === '^';
  const ranges: [number, number][] = [];
  let at = isNegated ? start + 1 : start;
  while (pattern[at] !== ']' || ranges.length === 0) {
    const low = setChar(pattern, at);
    let high = low;
    if (pattern[low.next] === '-') high = setChar(pattern, low.next + 1);
    ranges.push([low.code, high.code]);
    at = high.next;
  }
  const takes = (found: string): boolean => {
    const code = found.codePointAt(0) ?? 0;
    return ranges.some(([low, high]) => low <= code && code <= high) !== isNegated;
  };
  return { takes, next: at + 1 };
}

function setChar(pattern: string[], at: number): { code: number; next: number } {
  const char = pattern[at];
  if (char === undefined || char === '-' || char === ']') throw new BadPattern();
  const taken = char === '\\' ? pattern[at + 1] : char;
  if (taken === undefined) throw new BadPattern();
  const next = char === '\\' ? at + 2 : at + 1;
  if (next >= pattern.length) throw new BadPattern();
  return { code: taken.codePointAt(0) ?? 0, next };
}

function* scan(pattern: string[]): Generator<{ isEnd: boolean }> {
  for (let at = 0; at < pattern.length; ) {
    at = pattern[at] === '*' ? at + 1 : pieceAt(pattern, at).next;
    yield { isEnd: false };
  }
}
