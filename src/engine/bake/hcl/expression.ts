// HCL expressions by precedence: conditional, or, and, equality, comparison, sum, product, unary, then what may be followed by `.name`, `[index]`, `[*]`.
import type { BinaryOperator, Expression } from './ast.ts';
import { bracketed, type Cursor, expect, peekName, placeOf, skip, take, takeName, unexpected } from './cursor.ts';
import { parseFor } from './for-expression.ts';
import { parseHeredoc, parseQuoted } from './template.ts';

const LEVELS: readonly (readonly BinaryOperator[])[] = [['||'], ['&&'], ['==', '!='], ['<=', '>=', '<', '>'], ['+', '-'], ['*', '/', '%']];

/** Throws ERR_BAKE_FILE with the place. */
export function parseExpression(cursor: Cursor): Expression {
  const condition = parseBinary(cursor, 0);
  const at = condition.at;
  if (!take(cursor, '?')) return condition;
  skip(cursor, { lines: true });
  const yes = bracketed(cursor, () => parseExpression(cursor));
  bracketed(cursor, () => expect(cursor, ':', 'A conditional has two values'));
  skip(cursor, { lines: true });
  return { kind: 'conditional', condition, yes, no: parseExpression(cursor), at };
}

function parseBinary(cursor: Cursor, level: number): Expression {
  const operators = LEVELS[level];
  if (!operators) return parseUnary(cursor);
  let left = parseBinary(cursor, level + 1);
  for (;;) {
    const operator = operators.find((sign) => take(cursor, sign));
    if (!operator) return left;
    skip(cursor, { lines: true });
    left = { kind: 'binary', operator, left, right: parseBinary(cursor, level + 1), at: left.at };
  }
}

function parseUnary(cursor: Cursor): Expression {
  skip(cursor);
  const at = placeOf(cursor);
  if (take(cursor, '!')) return { kind: 'unary', operator: '!', of: parseUnary(cursor), at };
  if (take(cursor, '-')) return { kind: 'unary', operator: '-', of: parseUnary(cursor), at };
  return parseSteps(cursor, parseTerm(cursor));
}

function parseSteps(cursor: Cursor, start: Expression): Expression {
  let of = start;
  for (;;) {
    const at = placeOf(cursor);
    const splat = ['[*]', '.*'].find((sign) => cursor.text.startsWith(sign, cursor.at));
    if (splat) {
      cursor.at += splat.length;
      const steps: Expression[] = [];
      for (let index = parseStep(cursor); index; index = parseStep(cursor)) steps.push(index);
      of = { kind: 'splat', of, steps, at };
      continue;
    }
    const index = parseStep(cursor);
    if (!index) return of;
    of = { kind: 'index', of, index, at };
  }
}

/** `.name`, `.0` or `[index]` right here; undefined: something else. */
function parseStep(cursor: Cursor): Expression | undefined {
  const at = placeOf(cursor);
  const dotted = /^\.(?:([\p{L}_][\p{L}\p{N}_-]*)|(\d+))/u.exec(cursor.text.slice(cursor.at, cursor.at + 200));
  if (dotted) {
    cursor.at += dotted[0].length;
    return { kind: 'literal', value: dotted[1] ?? Number(dotted[2]), at };
  }
  if (cursor.text[cursor.at] !== '[' || cursor.text.startsWith('[*]', cursor.at)) return undefined;
  cursor.at++;
  return bracketed(cursor, () => {
    const index = parseExpression(cursor);
    expect(cursor, ']', 'The index is not closed');
    return index;
  });
}

function parseTerm(cursor: Cursor): Expression {
  const at = placeOf(cursor);
  const number = /^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(cursor.text.slice(cursor.at, cursor.at + 40));
  if (number) {
    cursor.at += number[0].length;
    return { kind: 'literal', value: Number(number[0]), at };
  }
  if (cursor.text.startsWith('<<', cursor.at)) return parseHeredoc(cursor);
  if (take(cursor, '"')) return parseQuoted(cursor, at);
  if (take(cursor, '(')) return bracketed(cursor, () => closed(cursor, parseExpression(cursor), ')'));
  if (take(cursor, '[')) return bracketed(cursor, () => (peekFor(cursor) ? parseFor(cursor, at, ']') : parseList(cursor, at)));
  if (take(cursor, '{')) return bracketed(cursor, () => (peekFor(cursor) ? parseFor(cursor, at, '}') : parseObject(cursor, at)));
  const name = takeName(cursor);
  if (name === undefined) throw unexpected(cursor, 'A value is expected');
  if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true', at };
  if (name === 'null') return { kind: 'literal', value: null, at };
  const isCall = cursor.text[cursor.at] === '(';
  if (!isCall) return { kind: 'variable', name, at };
  cursor.at++;
  return bracketed(cursor, () => parseArguments(cursor, name, at));
}

const peekFor = (cursor: Cursor): boolean => {
  skip(cursor);
  return peekName(cursor) === 'for' && /^for\s/.test(cursor.text.slice(cursor.at));
};

function closed(cursor: Cursor, expression: Expression, sign: string): Expression {
  expect(cursor, sign, 'The bracket is not closed');
  return expression;
}

function parseArguments(cursor: Cursor, name: string, at: Expression['at']): Expression {
  const args: Expression[] = [];
  for (;;) {
    if (take(cursor, ')')) return { kind: 'call', name, args, isExpanded: false, at };
    args.push(parseExpression(cursor));
    if (take(cursor, '...')) {
      expect(cursor, ')', 'After "..." the call ends');
      return { kind: 'call', name, args, isExpanded: true, at };
    }
    if (!take(cursor, ',')) {
      expect(cursor, ')', `The call of "${name}" is not closed`);
      return { kind: 'call', name, args, isExpanded: false, at };
    }
  }
}

function parseList(cursor: Cursor, at: Expression['at']): Expression {
  const items: Expression[] = [];
  for (;;) {
    if (take(cursor, ']')) return { kind: 'list', items, at };
    items.push(parseExpression(cursor));
    if (!take(cursor, ',')) {
      expect(cursor, ']', 'After an item comes "," or the end of the list');
      return { kind: 'list', items, at };
    }
  }
}

function parseObject(cursor: Cursor, at: Expression['at']): Expression {
  const entries: { key: Expression; value: Expression }[] = [];
  for (;;) {
    if (take(cursor, '}')) return { kind: 'object', entries, at };
    const key = parseKey(cursor);
    if (!take(cursor, '=')) expect(cursor, ':', 'After a key comes "=" or ":"');
    // A newline ends an entry as a comma does: it must not be taken for a blank within the value.
    entries.push({ key, value: parseEntryValue(cursor) });
    take(cursor, ',');
  }
}

function parseEntryValue(cursor: Cursor): Expression {
  skip(cursor);
  const { depth } = cursor;
  cursor.depth = 0;
  try {
    return parseExpression(cursor);
  } finally {
    cursor.depth = depth;
  }
}

function parseKey(cursor: Cursor): Expression {
  skip(cursor);
  const at = placeOf(cursor);
  const name = takeName(cursor);
  if (name !== undefined && /^\s*[=:]/.test(cursor.text.slice(cursor.at, cursor.at + 80))) return { kind: 'literal', value: name, at };
  if (name !== undefined) cursor.at -= name.length;
  return parseExpression(cursor);
}
