// Splits a Go template into tokens (text/template's lexical rules: `{{- ` and ` -}}` eat white space, comments stand alone in their
// action). A lexical error is the last token, so that the parser reports it only if it gets that far, as Go's does.

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'space'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'keyword'
  | 'dot'
  | 'nil'
  | 'bool'
  | 'number'
  | 'char'
  | 'string'
  | 'rawString'
  | 'pipe'
  | 'comma'
  | 'assign'
  | 'declare'
  | 'openParen'
  | 'closeParen'
  | 'symbol'
  | 'error'
  | 'eof';

export interface Token {
  kind: TokenKind;
  text: string;
  /** Offset in the template. */
  pos: number;
}

const KEYWORDS = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with']);
const NUMBER = /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y;
const WORD = /[\p{L}\p{Nd}_]+/uy;
const SYMBOLS: Record<string, TokenKind> = {
  '|': 'pipe',
  ',': 'comma',
  '=': 'assign',
  ':=': 'declare',
  '(': 'openParen',
  ')': 'closeParen',
};

/** All tokens; the last is `eof` or `error`, whose text is the message. */
export function lexTemplate(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    const open = source.indexOf('{{', at);
    const trimsLeft = open >= 0 && source[open + 2] === '-' && isSpace(source[open + 3]);
    let text = open < 0 ? source.slice(at) : source.slice(at, open);
    if (trimsLeft) text = text.trimEnd();
    if (text) tokens.push({ kind: 'text', text, pos: at });
    if (open < 0) {
      tokens.push({ kind: 'eof', text: '', pos: source.length });
      return tokens;
    }
    const inside = open + (trimsLeft ? 4 : 2);
    const next = source.startsWith('/*', inside) ? skipComment(source, inside, tokens) : lexAction(source, { open, inside }, tokens);
    if (next === undefined) return tokens;
    at = next;
  }
}

/** Offset after the comment's action, or undefined with an error token. */
function skipComment(source: string, inside: number, tokens: Token[]): number | undefined {
  const end = source.indexOf('*/', inside);
  if (end < 0) return fail(tokens, inside, 'unclosed comment');
  const close = /^\s+-\}\}/.exec(source.slice(end + 2, end + 66))?.[0].length ?? (source.startsWith('}}', end + 2) ? 2 : undefined);
  if (close === undefined) return fail(tokens, end, 'comment ends before closing delimiter');
  return afterClose(source, end + 2 + close, close > 2);
}

function lexAction(source: string, start: { open: number; inside: number }, tokens: Token[]): number | undefined {
  tokens.push({ kind: 'open', text: '{{', pos: start.open });
  let at = start.inside;
  let depth = 0;
  for (;;) {
    const trimsRight = isSpace(source[at]) && source.startsWith('-}}', at + 1);
    if (trimsRight || source.startsWith('}}', at)) {
      if (depth > 0) return fail(tokens, at, 'unclosed left paren');
      tokens.push({ kind: 'close', text: '}}', pos: at });
      return afterClose(source, at + (trimsRight ? 4 : 2), trimsRight);
    }
    if (at >= source.length) return fail(tokens, at, 'unclosed action');
    const token = lexInside(source, at);
    if (token.kind === 'closeParen' && depth === 0) return fail(tokens, at, 'unexpected right paren');
    tokens.push(token);
    if (token.kind === 'error') return undefined;
    depth += token.kind === 'openParen' ? 1 : token.kind === 'closeParen' ? -1 : 0;
    at += token.text.length;
  }
}

function lexInside(source: string, at: number): Token {
  const char = source[at] ?? '';
  const make = (kind: TokenKind, text: string): Token => ({ kind, text, pos: at });
  if (isSpace(char)) return make('space', spaceRun(source, at));
  if (char === '"') return quoted(source, at, make);
  if (char === "'") return quoted(source, at, make);
  if (char === '`') {
    const end = source.indexOf('`', at + 1);
    return end < 0 ? make('error', 'unterminated raw quoted string') : make('rawString', source.slice(at, end + 1));
  }
  const symbol = source.startsWith(':=', at) ? ':=' : char;
  const known = SYMBOLS[symbol];
  if (known) return make(known, symbol);
  if (char === ':') return make('error', 'expected :=');
  if (
    /[0-9]/.test(char) ||
    (/[+.-]/.test(char) && /[0-9.]/.test(source[at + 1] ?? '') && (char !== '.' || /[0-9]/.test(source[at + 1] ?? '')))
  ) {
    return number(source, at, make);
  }
  if (char === '.' || char === '$') return fieldOrVariable(source, at, make);
  const word = match(WORD, source, at);
  if (word) return wordToken(word, make);
  if (char > ' ' && char < '\x7f') return make('symbol', char);
  return make('error', `unrecognized character in action: U+${(source.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`);
}

function quoted(source: string, at: number, make: (kind: TokenKind, text: string) => Token): Token {
  const quote = source[at];
  for (let end = at + 1; end < source.length && source[end] !== '\n'; end++) {
    if (source[end] === '\\') end++;
    else if (source[end] === quote) return make(quote === '"' ? 'string' : 'char', source.slice(at, end + 1));
  }
  return make('error', quote === '"' ? 'unterminated quoted string' : 'unterminated character constant');
}

function number(source: string, at: number, make: (kind: TokenKind, text: string) => Token): Token {
  const text = match(NUMBER, source, at) ?? source[at] ?? '';
  const tail = match(WORD, source, at + text.length);
  return tail ? make('error', `bad number syntax: ${JSON.stringify(text + tail.slice(0, 1))}`) : make('number', text);
}

function fieldOrVariable(source: string, at: number, make: (kind: TokenKind, text: string) => Token): Token {
  const head = source[at] ?? '';
  const text = head + (match(WORD, source, at + 1) ?? '');
  const after = source[at + text.length];
  if (after !== undefined && !/[\s.,|:()=}]/.test(after)) {
    const code = (source.codePointAt(at + text.length) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return make('error', `bad character U+${code} '${after}'`);
  }
  if (text === '.') return make('dot', text);
  return make(head === '.' ? 'field' : 'variable', text);
}

function wordToken(word: string, make: (kind: TokenKind, text: string) => Token): Token {
  if (KEYWORDS.has(word)) return make('keyword', word);
  if (word === 'true' || word === 'false') return make('bool', word);
  return make(word === 'nil' ? 'nil' : 'identifier', word);
}

/** White space of one token, short of one that belongs to ` -}}`. */
function spaceRun(source: string, at: number): string {
  let end = at;
  while (isSpace(source[end]) && !(end > at && source.startsWith('-}}', end + 1))) end++;
  return source.slice(at, end);
}

function afterClose(source: string, at: number, trims: boolean): number {
  let next = at;
  while (trims && isSpace(source[next])) next++;
  return next;
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

function isSpace(char: string | undefined): boolean {
  return char === ' ' || char === '\t' || char === '\r' || char === '\n';
}

function fail(tokens: Token[], pos: number, message: string): undefined {
  tokens.push({ kind: 'error', text: message, pos });
}
