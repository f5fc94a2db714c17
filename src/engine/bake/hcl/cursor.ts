// A place in the text of an HCL file that is being read, and the small steps of its parsers: blanks, comments, names, signs.
import type { EngineError } from '../../../sys/errors.ts';
import type { At } from './ast.ts';
import { problem } from './problem.ts';

export interface Cursor {
  readonly file: string;
  readonly text: string;
  at: number;
  /** Above 0: within brackets, where a newline is a blank. */
  depth: number;
  /** The text was taken out of the file's there, and changed: places are counted from it, by line. */
  readonly origin?: At | undefined;
  /** Texts are JSON's: decoded first, templates then. */
  readonly isJson?: boolean | undefined;
}

export function createCursor(text: string, file: string, { origin, isJson }: Pick<Cursor, 'origin' | 'isJson'> = {}): Cursor {
  return { file, text, at: 0, depth: 0, origin, isJson };
}

export function placeOf({ file, text, at, origin }: Cursor, offset = at): At {
  if (origin) return { ...origin, line: origin.line + text.slice(0, offset).split('\n').length - 1 };
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { file, line, column: offset - before.lastIndexOf('\n') };
}

/** Skips blanks and comments; newlines too, within brackets or where `lines` says so. */
export function skip(cursor: Cursor, { lines = cursor.depth > 0 } = {}): void {
  for (;;) {
    const rest = /[ \t\r]*/y;
    rest.lastIndex = cursor.at;
    cursor.at += rest.exec(cursor.text)?.[0].length ?? 0;
    const char = cursor.text[cursor.at];
    if (char === '\n' && lines) cursor.at++;
    else if (char === '#' || cursor.text.startsWith('//', cursor.at)) {
      const end = cursor.text.indexOf('\n', cursor.at);
      cursor.at = end === -1 ? cursor.text.length : end;
    } else if (cursor.text.startsWith('/*', cursor.at)) {
      const end = cursor.text.indexOf('*/', cursor.at + 2);
      if (end === -1) throw problem(placeOf(cursor), 'This comment has no end');
      cursor.at = end + 2;
    } else return;
  }
}

/** Skips blanks, then takes `sign` if it stands there. */
export function take(cursor: Cursor, sign: string): boolean {
  skip(cursor);
  if (!cursor.text.startsWith(sign, cursor.at)) return false;
  cursor.at += sign.length;
  return true;
}

export function expect(cursor: Cursor, sign: string, what: string): void {
  if (!take(cursor, sign)) throw unexpected(cursor, `${what}: "${sign}" is expected`);
}

const NAME = /[\p{L}_][\p{L}\p{N}_-]*/uy;

/** A name, or undefined, nothing taken. */
export function takeName(cursor: Cursor): string | undefined {
  skip(cursor);
  NAME.lastIndex = cursor.at;
  const name = NAME.exec(cursor.text)?.[0];
  if (name !== undefined) cursor.at += name.length;
  return name;
}

/** Looks at the name that comes, without taking it. */
export function peekName(cursor: Cursor): string | undefined {
  const start = cursor.at;
  const name = takeName(cursor);
  cursor.at = start;
  return name;
}

/** Reads within brackets: newlines are blanks there. */
export function bracketed<T>(cursor: Cursor, read: () => T): T {
  cursor.depth++;
  try {
    return read();
  } finally {
    cursor.depth--;
  }
}

export function unexpected(cursor: Cursor, what: string): EngineError {
  const char = cursor.text[cursor.at];
  const found = char === undefined ? 'the end of the file' : char === '\n' ? 'the end of the line' : `"${wordAt(cursor)}"`;
  return problem(placeOf(cursor), `${what}, not ${found}`);
}

function wordAt({ text, at }: Cursor): string {
  return /^(?:[\p{L}\p{N}_-]+|.)/u.exec(text.slice(at, at + 40))?.[0] ?? '';
}
