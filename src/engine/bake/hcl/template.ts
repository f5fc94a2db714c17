// Texts with `${…}` and `%{if}`, `%{for}` in them: quoted ones, after their opening quote, and heredocs (`<<EOF`, `<<-EOF` without the indent).
import type { At, Expression, TemplatePart } from './ast.ts';
import { bracketed, type Cursor, createCursor, expect, peekName, placeOf, skip, take, takeName } from './cursor.ts';
import { parseExpression } from './expression.ts';
import { parseForHead } from './for-expression.ts';
import { problem } from './problem.ts';

type Piece = TemplatePart | { kind: 'else' } | { kind: 'end' };

export function parseQuoted(cursor: Cursor, at: At): Expression {
  if (cursor.isJson) return parseJsonText(cursor, at);
  const pieces = readPieces(cursor, { isQuoted: true, end: cursor.text.length, at });
  cursor.at++;
  return templateOf(pieces, at);
}

/** Also after its opening quote. */
function parseJsonText(cursor: Cursor, at: At): Expression {
  const raw = /^(?:[^"\\\n]|\\.)*"/.exec(cursor.text.slice(cursor.at))?.[0];
  if (raw === undefined) throw problem(at, 'This text has no closing quote');
  cursor.at += raw.length;
  let text: string;
  try {
    text = JSON.parse(`"${raw}`);
  } catch {
    throw problem(at, 'This is no text of JSON');
  }
  const inner = createCursor(text, cursor.file, { origin: at });
  return templateOf(readPieces(inner, { isQuoted: false, end: text.length, at }), at);
}

export function parseHeredoc(cursor: Cursor): Expression {
  const at = placeOf(cursor);
  const [head = '', dash = '', word = ''] = /^<<(-?)([\p{L}_][\p{L}\p{N}_-]*)[ \t]*\r?\n/u.exec(cursor.text.slice(cursor.at)) ?? [];
  if (head === '') throw problem(at, 'A heredoc begins with <<WORD at the end of a line');
  const start = cursor.at + head.length;
  const close = new RegExp(`^[ \\t]*${word}[ \\t]*\\r?$`, 'mu').exec(cursor.text.slice(start));
  if (!close) throw problem(at, `The heredoc "${word}" has no end: its word, alone on a line`);
  const text = cursor.text.slice(start, start + close.index);
  const end = start + close.index + close[0].trimEnd().length;
  if (dash === '') {
    cursor.at = start;
    const pieces = readPieces(cursor, { isQuoted: false, end: start + close.index, at });
    cursor.at = end;
    return templateOf(pieces, at);
  }
  const inner = createCursor(withoutIndent(text), cursor.file, { origin: { ...at, line: at.line + 1, column: 1 } });
  const pieces = readPieces(inner, { isQuoted: false, end: inner.text.length, at });
  cursor.at = end;
  return templateOf(pieces, at);
}

function withoutIndent(text: string): string {
  const lines = text.split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^[ \t]*/.exec(line)?.[0].length ?? 0);
  const least = indents.length > 0 ? Math.min(...indents) : 0;
  return lines.map((line) => line.slice(least)).join('\n');
}

interface Until {
  isQuoted: boolean;
  end: number;
  at: At;
}

function readPieces(cursor: Cursor, { isQuoted, end, at }: Until): Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') pieces.push({ kind: 'text', text });
    text = '';
  };
  while (cursor.at < end) {
    const two = cursor.text.slice(cursor.at, cursor.at + 2);
    const char = two[0];
    if (isQuoted && (char === '"' || char === '\n')) break;
    if (cursor.text.startsWith('$${', cursor.at) || cursor.text.startsWith('%%{', cursor.at)) {
      text += `${char}{`;
      cursor.at += 3;
    } else if (two === '${' || two === '%{') {
      flush();
      pieces.push(readMarked(cursor, pieces));
    } else if (isQuoted && char === '\\') text += readEscape(cursor);
    else {
      text += char;
      cursor.at++;
    }
  }
  if (isQuoted && cursor.text[cursor.at] !== '"') throw problem(at, 'This text has no closing quote');
  flush();
  return pieces;
}

/** `${…}` or `%{…}`; `~` beside a brace eats the blanks on that side. */
function readMarked(cursor: Cursor, before: Piece[]): Piece {
  const isValue = cursor.text[cursor.at] === '$';
  const at = placeOf(cursor);
  cursor.at += 2;
  if (cursor.text[cursor.at] === '~') {
    cursor.at++;
    const last = before.at(-1);
    if (last?.kind === 'text') last.text = last.text.trimEnd();
  }
  return bracketed(cursor, () => {
    const piece: Piece = isValue ? { kind: 'value', value: parseExpression(cursor) } : readDirective(cursor, at);
    skip(cursor);
    const eats = take(cursor, '~');
    expect(cursor, '}', 'The template is not closed');
    if (eats) cursor.at += /^\s*/.exec(cursor.text.slice(cursor.at))?.[0].length ?? 0;
    return piece;
  });
}

function readDirective(cursor: Cursor, at: At): Piece {
  const word = peekName(cursor);
  if (word === 'for') return { kind: 'for', ...parseForHead(cursor), body: [] };
  takeName(cursor);
  if (word === 'if') return { kind: 'if', condition: parseExpression(cursor), yes: [], no: [] };
  if (word === 'else') return { kind: 'else' };
  if (word === 'endif' || word === 'endfor') return { kind: 'end' };
  throw problem(at, `"${word ?? ''}" is no directive of templates: there are if, else, endif, for and endfor`);
}

function templateOf(pieces: Piece[], at: At): Expression {
  const queue = [...pieces];
  const parts = nest(queue, at);
  if (queue.length > 0) throw problem(at, 'A template ends what it did not begin');
  const [only] = parts;
  if (parts.length === 0) return { kind: 'literal', value: '', at };
  if (parts.length === 1 && only?.kind === 'text') return { kind: 'literal', value: only.text, at };
  // A text that is one value keeps the value's type.
  if (parts.length === 1 && only?.kind === 'value') return only.value;
  return { kind: 'template', parts, at };
}

function nest(queue: Piece[], at: At): TemplatePart[] {
  const parts: TemplatePart[] = [];
  for (let piece = queue[0]; piece && piece.kind !== 'end' && piece.kind !== 'else'; piece = queue[0]) {
    queue.shift();
    if (piece.kind === 'if') {
      piece.yes = nest(queue, at);
      if (queue[0]?.kind === 'else') {
        queue.shift();
        piece.no = nest(queue, at);
      }
    } else if (piece.kind === 'for') piece.body = nest(queue, at);
    if ((piece.kind === 'if' || piece.kind === 'for') && queue.shift()?.kind !== 'end') {
      throw problem(at, `A template's "${piece.kind}" has no end`);
    }
    parts.push(piece);
  }
  return parts;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f' };

function readEscape(cursor: Cursor): string {
  const char = cursor.text[cursor.at + 1] ?? '';
  const simple = ESCAPES[char];
  const [code = ''] = /^\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/.exec(cursor.text.slice(cursor.at, cursor.at + 10)) ?? [];
  if (simple === undefined && code === '') throw problem(placeOf(cursor), `"\\${char}" is no escape of a text`);
  cursor.at += simple === undefined ? code.length : 2;
  if (simple !== undefined) return simple;
  const point = Number.parseInt(code.slice(2), 16);
  if (code.length === 6) return String.fromCharCode(point);
  return point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
}
