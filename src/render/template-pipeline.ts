// The inside of an action: `$x := command operand | command`. Variables and functions are checked here, not at run time, so `{{foo .}}`
// fails even where nothing is rendered.
import { unquote } from './go-quote.ts';
import { Float } from './go-values.ts';
import { bad, next, nextSolid, type Parser, peek, peekSolid, unexpected } from './template-cursor.ts';
import type { TokenKind } from './template-lex.ts';
import { type Command, nodeText, type Operand, type Pipeline } from './template-tree.ts';

export function pipeline(parser: Parser, context: string, end: TokenKind): Pipeline {
  const result: Pipeline = { type: 'pipeline', variables: [], assigns: false, commands: [], pos: peekSolid(parser).pos };
  declarations(parser, context, result);
  for (;;) {
    const token = nextSolid(parser);
    if (token.kind === end) break;
    if (!OPERAND_STARTS.has(token.kind)) throw unexpected(parser, token, context);
    parser.at--;
    result.commands.push(command(parser));
  }
  if (result.commands.length === 0) throw bad(parser, `missing value for ${context}`);
  result.commands.slice(1).forEach((stage, index) => {
    if (['bool', 'dot', 'nil', 'number', 'string'].includes(stage.operands[0]?.type ?? ''))
      throw bad(parser, `non executable command in pipeline stage ${index + 2}`);
  });
  return result;
}

/** `$x :=`, `$x =`, and for range `$i, $x :=`. */
function declarations(parser: Parser, context: string, result: Pipeline): void {
  const start = parser.at;
  const names: string[] = [];
  while (peekSolid(parser).kind === 'variable') {
    names.push(nextSolid(parser).text);
    const after = nextSolid(parser);
    if (after.kind === 'assign' || after.kind === 'declare') {
      result.assigns = after.kind === 'assign';
      result.variables = names;
      if (names.length > 1 && context !== 'range') throw bad(parser, `too many declarations in ${context}`);
      for (const name of names) {
        if (!result.assigns) parser.variables.push(name);
        else if (!parser.variables.includes(name)) throw bad(parser, `undefined variable ${JSON.stringify(name)}`);
      }
      return;
    }
    if (after.kind !== 'comma' || context !== 'range' || names.length > 1) break;
  }
  parser.at = start;
}

const OPERAND_STARTS = new Set<TokenKind>([
  ...(['bool', 'char', 'dot', 'field', 'identifier', 'number', 'nil', 'rawString', 'string', 'variable', 'openParen'] as const),
]);

function command(parser: Parser): Command {
  const operands: Operand[] = [];
  const pos = peekSolid(parser).pos;
  for (;;) {
    const start = peekSolid(parser);
    const value = operand(parser);
    if (value) operands.push(value);
    const token = next(parser);
    if (token.kind === 'space') continue;
    if (token.kind === 'close' || token.kind === 'closeParen') parser.at--;
    else if (token.kind !== 'pipe') throw unexpected(parser, value ? token : start, 'operand');
    break;
  }
  if (operands.length === 0) throw bad(parser, 'empty command');
  return { type: 'command', operands, pos };
}

function operand(parser: Parser): Operand | undefined {
  const base = term(parser);
  if (!base) return undefined;
  const first = peek(parser);
  const names: string[] = [];
  while (peek(parser).kind === 'field') names.push(next(parser).text.slice(1));
  if (names.length === 0) return base;
  switch (base.type) {
    case 'field':
    case 'variable':
      return { type: base.type, names: [...base.names, ...names], pos: first.pos };
    case 'bool':
    case 'string':
    case 'number':
    case 'nil':
    case 'dot':
      throw bad(parser, `unexpected . after term ${JSON.stringify(nodeText(base))}`);
    default:
      return { type: 'chain', base, names, pos: first.pos };
  }
}

function term(parser: Parser): Operand | undefined {
  const token = nextSolid(parser);
  const { pos, text } = token;
  switch (token.kind) {
    case 'identifier':
      if (!parser.functions.has(text)) throw bad(parser, `function ${JSON.stringify(text)} not defined`);
      return { type: 'identifier', name: text, pos };
    case 'dot':
      return { type: 'dot', pos };
    case 'nil':
      return { type: 'nil', pos };
    case 'variable':
      if (!parser.variables.includes(text)) throw bad(parser, `undefined variable ${JSON.stringify(text)}`);
      return { type: 'variable', names: [text], pos };
    case 'field':
      return { type: 'field', names: [text.slice(1)], pos };
    case 'bool':
      return { type: 'bool', value: text === 'true', pos };
    case 'number':
      return { type: 'number', text, value: numberValue(parser, text), pos };
    case 'char':
      return { type: 'number', text, value: unquoted(parser, text).codePointAt(0) ?? 0, pos };
    case 'string':
    case 'rawString':
      return { type: 'string', text, value: unquoted(parser, text), pos };
    case 'openParen':
      return pipeline(parser, 'parenthesized pipeline', 'closeParen');
    default:
      parser.at--;
      return undefined;
  }
}

export function unquoted(parser: Parser, text: string): string {
  const value = unquote(text);
  if (value === undefined) throw bad(parser, 'invalid syntax');
  return value;
}

function numberValue(parser: Parser, text: string): unknown {
  const digits = text.replaceAll('_', '');
  const sign = digits.startsWith('-') ? -1 : 1;
  const bare = digits.replace(/^[+-]/, '');
  const value = sign * (/^0[0-7]+$/.test(bare) ? Number.parseInt(bare, 8) : Number(bare));
  if (Number.isNaN(value)) throw bad(parser, `illegal number syntax: ${JSON.stringify(text)}`);
  return /^0[xXbBoO]/.test(bare) || !/[.eE]/.test(bare) ? value : new Float(value);
}
