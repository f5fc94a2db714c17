// `[for k, v in LIST: VALUE if CONDITION]` and `{for k, v in LIST: KEY => VALUE… if CONDITION}`, after their opening bracket.
import type { At, Expression } from './ast.ts';
import { type Cursor, expect, peekName, take, takeName, unexpected } from './cursor.ts';
import { parseExpression } from './expression.ts';

export function parseFor(cursor: Cursor, at: At, close: ']' | '}'): Expression {
  const head = parseForHead(cursor);
  expect(cursor, ':', 'After what "for" goes over comes its value');
  const first = parseExpression(cursor);
  const isObject = close === '}';
  if (isObject) expect(cursor, '=>', 'A "for" of an object gives KEY => VALUE');
  const value = isObject ? parseExpression(cursor) : first;
  const isGrouped = isObject && take(cursor, '...');
  const hasCondition = peekName(cursor) === 'if' && takeName(cursor) !== undefined;
  const condition = hasCondition ? parseExpression(cursor) : undefined;
  expect(cursor, close, 'The "for" is not closed');
  return { kind: 'for', ...head, key: isObject ? first : undefined, value, isGrouped, condition, at };
}

/** `for k, v in EXPRESSION`. */
export function parseForHead(cursor: Cursor): { keyName: string | undefined; valueName: string; in: Expression } {
  takeName(cursor);
  const first = name(cursor);
  const second = take(cursor, ',') ? name(cursor) : undefined;
  if (takeName(cursor) !== 'in') throw unexpected(cursor, 'After the names of a "for" comes "in"');
  return { keyName: second === undefined ? undefined : first, valueName: second ?? first, in: parseExpression(cursor) };
}

function name(cursor: Cursor): string {
  const found = takeName(cursor);
  if (found === undefined) throw unexpected(cursor, 'A "for" names its variables');
  return found;
}
