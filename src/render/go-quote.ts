// Go's quoted strings both ways: literals in templates (strconv.Unquote) and `%q` (strconv.Quote).

const SIMPLE: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', "'": "'", '"': '"' };
/** Most commands, an ellipsis at their end. */
const NOTHING_TO_ESCAPE = /^[ !#-[\]-~…]*$/;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([\s\S]))/g;

/** The value of a Go string, raw string or character literal; undefined when it is not well formed. */
export function unquote(literal: string): string | undefined {
  const body = literal.slice(1, -1);
  if (literal.startsWith('`')) return body.replaceAll('\r', '');
  if (!body.includes('\\')) return body;
  let valid = true;
  const value = body.replace(ESCAPE, (_, hex, short, long, octal, simple) => {
    if (simple !== undefined && SIMPLE[simple] === undefined) valid = false;
    if (simple !== undefined) return SIMPLE[simple] ?? '';
    const code = octal === undefined ? Number.parseInt(hex ?? short ?? long, 16) : Number.parseInt(octal, 8);
    return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
  });
  return valid ? value : undefined;
}

/** `text` as a Go string literal: what `%q` prints. */
export function quote(text: string): string {
  if (NOTHING_TO_ESCAPE.test(text)) return `"${text}"`;
  return `"${Array.from(text, (char) => escapeChar(char, '"')).join('')}"`;
}

/** A code point as a Go character literal. */
export function quoteChar(code: number): string {
  return `'${escapeChar(String.fromCodePoint(code > 0x10ffff || code < 0 ? 0xfffd : code), "'")}'`;
}

const NAMES = new Map(Object.entries(SIMPLE).map(([name, char]) => [char, `\\${name}`]));

function escapeChar(char: string, quoteMark: string): string {
  if (char === quoteMark || char === '\\') return `\\${char}`;
  if (char === '"' || char === "'") return char;
  const named = NAMES.get(char);
  if (named) return named;
  if (!/[\p{C}\u2028\u2029]|[^\S ]/u.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
