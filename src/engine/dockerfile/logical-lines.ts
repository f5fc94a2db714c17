// A Dockerfile's lines as its grammar sees them: comments and blank lines gone, continued lines joined, and for every character of a
// joined line the place where it was written. TRAP: `\\` at the end of a line is an escaped escape character and continues nothing;
// a comment among continued lines is dropped, and so is a blank line, of which a lint rule warns.
import type { Place, Span } from './ast.ts';

export interface LogicalLine {
  /** Joined; without the blanks before its first word. */
  text: string;
  first: number;
  last: number;
  /** Comment lines right above it, without `#`. */
  comments: string[];
  hasEmptyContinuation: boolean;
  /** Where the character at `offset` of `text` was written. */
  placeOf: (offset: number) => Place;
}

export interface LineReader {
  next(): LogicalLine | undefined;
  /** The next physical line, its line end with it: of a heredoc. */
  nextRaw(): { text: string; end: string } | undefined;
  /** The physical line that was read last, 1-based. */
  line: () => number;
}

/** `lines` without line ends, `ends` those; `from`: index of the first one to read. */
export function createLineReader(lines: readonly string[], ends: readonly string[], escapeChar: '\\' | '`'): LineReader {
  let at = 0;
  const continues = escapeChar === '\\' ? /^(|.*[^\\])\\[ \t]*$/s : /^(|.*[^`])`[ \t]*$/s;
  return { next, nextRaw, line: () => at };

  function nextRaw(): { text: string; end: string } | undefined {
    const text = lines[at];
    if (text === undefined) return undefined;
    return { text, end: ends[at++] ?? '' };
  }

  function next(): LogicalLine | undefined {
    let comments: string[] = [];
    for (let text = lines[at]; text !== undefined; text = lines[at]) {
      at++;
      const start = text.trimStart();
      if (start.startsWith('#')) comments.push(start.slice(1).trim());
      else if (start === '') comments = [];
      else {
        const joined = join(start, text.length - start.length);
        if (joined.text.trim() !== '') return { ...joined, comments };
      }
    }
    return undefined;
  }

  function join(start: string, indent: number): Omit<LogicalLine, 'comments'> {
    const first = at;
    const pieces: { offset: number; line: number; column: number }[] = [{ offset: 0, line: at, column: indent + 1 }];
    let hasEmptyContinuation = false;
    let continued = continues.exec(start);
    let text = continued ? (continued[1] ?? '') : start;
    for (let more = lines[at]; continued && more !== undefined; more = lines[at]) {
      at++;
      const trimmed = more.trimStart();
      if (trimmed.startsWith('#')) continue;
      if (trimmed === '') {
        hasEmptyContinuation = true;
        continue;
      }
      pieces.push({ offset: text.length, line: at, column: 1 });
      continued = continues.exec(more);
      text += continued ? (continued[1] ?? '') : more;
    }
    return { text, first, last: at, hasEmptyContinuation, placeOf };

    function placeOf(offset: number): Place {
      const piece = pieces.findLast((one) => one.offset <= offset) ?? { offset: 0, line: first, column: 1 };
      return { line: piece.line, column: piece.column + [...text.slice(piece.offset, offset)].length };
    }
  }
}

/** All of an instruction, up to the physical line `last`. */
export function spanOf(line: LogicalLine, lines: readonly string[], last: number): Span {
  return { start: line.placeOf(0), end: { line: last, column: [...(lines[last - 1] ?? '')].length + 1 } };
}
