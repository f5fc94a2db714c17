// Where the parser of a template stands: its tokens, the variables in scope, and how it says what it did not expect.
import type { Token } from './template-lex.ts';
import { type Node, TemplateParseError } from './template-tree.ts';

export interface Parser {
  source: string;
  tokens: Token[];
  at: number;
  variables: string[];
  rangeDepth: number;
  functions: ReadonlySet<string>;
  definitions: Map<string, Node[]>;
}

export function peek(parser: Parser): Token {
  return parser.tokens[Math.min(parser.at, parser.tokens.length - 1)] as Token;
}

export function next(parser: Parser): Token {
  const token = peek(parser);
  parser.at++;
  if (token.kind === 'error') throw bad(parser, token.text);
  return token;
}

export function peekSolid(parser: Parser): Token {
  while (peek(parser).kind === 'space') parser.at++;
  return peek(parser);
}

export function nextSolid(parser: Parser): Token {
  peekSolid(parser);
  return next(parser);
}

export function unexpected(parser: Parser, token: Token, context: string): TemplateParseError {
  if (token.kind === 'eof') return bad(parser, 'unexpected EOF');
  const shown = token.kind === 'keyword' || token.kind === 'dot' || token.kind === 'field' ? `<${token.text}>` : JSON.stringify(token.text);
  return bad(parser, `unexpected ${shown} in ${context}`);
}

export function bad(parser: Parser, message: string): TemplateParseError {
  const pos = peek(parser).pos;
  const line = 1 + parser.source.slice(0, pos).split('\n').length - 1;
  return new TemplateParseError(`template: :${line}: ${message}`);
}
