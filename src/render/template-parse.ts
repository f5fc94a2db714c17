// Go template text to a tree. One pass over the tokens; messages are those of Go's text/template, because people search for them.
// Trap: variables and functions are checked here, not at run time, so `{{foo .}}` fails even where nothing is rendered.
import { unquote } from './go-quote.ts';
import { Float } from './go-values.ts';
import { lexTemplate, type Token, type TokenKind } from './template-lex.ts';
import {
  type Branch,
  type Command,
  type Node,
  nodeText,
  type Operand,
  type Pipeline,
  type Template,
  TemplateParseError,
} from './template-tree.ts';

interface Parser {
  source: string;
  tokens: Token[];
  at: number;
  variables: string[];
  rangeDepth: number;
  functions: ReadonlySet<string>;
  definitions: Map<string, Node[]>;
}

/** Parses `source`; `functions` are the names that may be called. Throws TemplateParseError. */
export function parseTemplate(source: string, functions: ReadonlySet<string>): Template {
  const parser: Parser = {
    source,
    tokens: lexTemplate(source),
    at: 0,
    variables: ['$'],
    rangeDepth: 0,
    functions,
    definitions: new Map(),
  };
  const { nodes, end } = list(parser, { top: true });
  if (end !== 'eof') throw bad(parser, `unexpected {{${end}}}`);
  return { source, nodes, definitions: parser.definitions };
}

type ListEnd = 'eof' | 'end' | 'else';

/** Nodes up to `{{end}}`, `{{else` (left after the keyword) or the end of the text. */
function list(parser: Parser, options: { top?: boolean } = {}): { nodes: Node[]; end: ListEnd } {
  const nodes: Node[] = [];
  for (;;) {
    const token = next(parser);
    if (token.kind === 'eof') return { nodes, end: 'eof' };
    if (token.kind === 'text') {
      nodes.push({ type: 'text', text: token.text, pos: token.pos });
      continue;
    }
    const first = nextSolid(parser);
    if (first.kind === 'keyword') {
      if (first.text === 'end') {
        close(parser, 'end');
        return { nodes, end: 'end' };
      }
      if (first.text === 'else') return { nodes, end: 'else' };
      const node = control(parser, first, options.top ?? false);
      if (node) nodes.push(node);
      continue;
    }
    parser.at--;
    const pos = peek(parser).pos;
    nodes.push({ type: 'action', pipeline: pipeline(parser, 'command', 'close'), pos });
  }
}

function control(parser: Parser, keyword: Token, top: boolean): Node | undefined {
  switch (keyword.text) {
    case 'if':
    case 'range':
    case 'with':
      return branch(parser, keyword.text, keyword.pos);
    case 'break':
    case 'continue':
      if (parser.rangeDepth === 0) throw bad(parser, `{{${keyword.text}}} outside {{range}}`);
      close(parser, keyword.text);
      return { type: keyword.text, pos: keyword.pos };
    case 'template': {
      const { name, pos } = templateName(parser, 'template clause');
      if (peekSolid(parser).kind !== 'close')
        return { type: 'template', name, pos, pipeline: pipeline(parser, 'template clause', 'close') };
      close(parser, 'template clause');
      return { type: 'template', name, pos, pipeline: undefined };
    }
    case 'block': {
      const { name, pos } = templateName(parser, 'block clause');
      const argument = pipeline(parser, 'block clause', 'close');
      define(parser, name);
      return { type: 'template', name, pos, pipeline: argument };
    }
    default: {
      if (!top) throw bad(parser, 'unexpected {{define}}');
      const { name } = templateName(parser, 'define clause');
      close(parser, 'define clause');
      define(parser, name);
      return undefined;
    }
  }
}

function define(parser: Parser, name: string): void {
  const outer = parser.variables;
  parser.variables = ['$'];
  const { nodes, end } = list(parser);
  parser.variables = outer;
  if (end !== 'end') throw bad(parser, end === 'eof' ? 'unexpected EOF' : 'unexpected {{else}}');
  parser.definitions.set(name, nodes);
}

function branch(parser: Parser, type: Branch['type'], pos: number): Branch {
  const scope = parser.variables.length;
  const condition = pipeline(parser, type, 'close');
  if (type === 'range') parser.rangeDepth++;
  const body = list(parser);
  if (type === 'range') parser.rangeDepth--;
  let otherwise: Node[] = [];
  if (body.end === 'eof') throw bad(parser, 'unexpected EOF');
  if (body.end === 'else') {
    const then = peekSolid(parser);
    if (type !== 'range' && then.kind === 'keyword' && then.text === type) {
      nextSolid(parser);
      otherwise = [branch(parser, type, then.pos)];
    } else {
      close(parser, 'else');
      const rest = list(parser);
      if (rest.end !== 'end') throw bad(parser, rest.end === 'eof' ? 'unexpected EOF' : 'expected end; found {{else}}');
      otherwise = rest.nodes;
    }
  }
  parser.variables.length = scope;
  return { type, pipeline: condition, body: body.nodes, otherwise, pos };
}

function pipeline(parser: Parser, context: string, end: TokenKind): Pipeline {
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

function unquoted(parser: Parser, text: string): string {
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

function templateName(parser: Parser, context: string): { name: string; pos: number } {
  const token = nextSolid(parser);
  if (token.kind !== 'string' && token.kind !== 'rawString') throw unexpected(parser, token, context);
  return { name: unquoted(parser, token.text), pos: token.pos };
}

function close(parser: Parser, context: string): void {
  const token = nextSolid(parser);
  if (token.kind !== 'close') throw unexpected(parser, token, context);
}

function peek(parser: Parser): Token {
  return parser.tokens[Math.min(parser.at, parser.tokens.length - 1)] as Token;
}

function next(parser: Parser): Token {
  const token = peek(parser);
  parser.at++;
  if (token.kind === 'error') throw bad(parser, token.text);
  return token;
}

function peekSolid(parser: Parser): Token {
  while (peek(parser).kind === 'space') parser.at++;
  return peek(parser);
}

function nextSolid(parser: Parser): Token {
  peekSolid(parser);
  return next(parser);
}

function unexpected(parser: Parser, token: Token, context: string): TemplateParseError {
  if (token.kind === 'eof') return bad(parser, 'unexpected EOF');
  const shown = token.kind === 'keyword' || token.kind === 'dot' || token.kind === 'field' ? `<${token.text}>` : JSON.stringify(token.text);
  return bad(parser, `unexpected ${shown} in ${context}`);
}

function bad(parser: Parser, message: string): TemplateParseError {
  const pos = peek(parser).pos;
  const line = 1 + parser.source.slice(0, pos).split('\n').length - 1;
  return new TemplateParseError(`template: :${line}: ${message}`);
}
