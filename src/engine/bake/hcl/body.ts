// A file's structure: attributes (`name = value`) and blocks (`type "label" { … }`), one a line.
import type { Attribute, Block, Body } from './ast.ts';
import { type Cursor, createCursor, placeOf, skip, take, takeName, unexpected } from './cursor.ts';
import { parseExpression } from './expression.ts';
import { problem } from './problem.ts';

/** Throws ERR_BAKE_FILE with the place. */
export function parseHcl(text: string, file: string): Body {
  const cursor = createCursor(text.startsWith('\ufeff') ? text.slice(1) : text, file);
  const body = parseBody(cursor);
  if (cursor.at < cursor.text.length) throw unexpected(cursor, 'An attribute or a block is expected');
  return body;
}

function parseBody(cursor: Cursor): Body {
  const body: Body = { attributes: [], blocks: [] };
  for (;;) {
    skip(cursor, { lines: true });
    const at = placeOf(cursor);
    const name = takeName(cursor);
    if (name === undefined) return body;
    if (take(cursor, '=')) {
      addAttribute(body, { name, value: parseExpression(cursor), at });
      endLine(cursor);
    } else body.blocks.push(parseBlock(cursor, { type: name, at }));
  }
}

function addAttribute({ attributes }: Body, attribute: Attribute): void {
  const before = attributes.find(({ name }) => name === attribute.name);
  if (before) throw problem(attribute.at, `The attribute "${attribute.name}" was set already, in line ${before.at.line}`);
  attributes.push(attribute);
}

function parseBlock(cursor: Cursor, { type, at }: Pick<Block, 'type' | 'at'>): Block {
  const labels: string[] = [];
  for (;;) {
    if (take(cursor, '{')) break;
    labels.push(takeLabel(cursor) ?? takeName(cursor) ?? failLabel(cursor, type));
  }
  const body = parseBody(cursor);
  skip(cursor, { lines: true });
  if (!take(cursor, '}')) throw unexpected(cursor, `The block "${type}" of line ${at.line} is not closed: "}" is expected`);
  endLine(cursor);
  return { type, labels, body, at };
}

function takeLabel(cursor: Cursor): string | undefined {
  const found = /^"((?:[^"\\\n]|\\.)*)"/.exec(cursor.text.slice(cursor.at));
  if (!found) return undefined;
  cursor.at += found[0].length;
  return found[1];
}

function failLabel(cursor: Cursor, type: string): never {
  throw unexpected(cursor, `After "${type}" comes "=" or a block's label or "{"`);
}

// `{ a = 1 }` on one line ends without a newline.
function endLine(cursor: Cursor): void {
  skip(cursor, { lines: false });
  const char = cursor.text[cursor.at];
  if (char === undefined || char === '\n' || char === '}') return;
  throw unexpected(cursor, 'A new line is expected');
}
