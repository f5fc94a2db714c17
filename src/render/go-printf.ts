// fmt.Sprintf for templates: verbs v d s q x X o b c U e E f F g G t T %, flags `+-# 0`, width, precision, `*`, and Go's marks for
// misuse: `%!d(string=a)`, `%!v(MISSING)`, `%!(EXTRA int=2)`, `%!(NOVERB)`.
import { formatFloat, goExponent, printValue } from './go-print.ts';
import { quote, quoteChar } from './go-quote.ts';
import { kindOf, numberOf, sortedKeys, textOf, typeName } from './go-values.ts';

interface Directive {
  flags: string;
  width: number | undefined;
  precision: number | undefined;
  verb: string;
}

const DIRECTIVE = /%([+\-# 0]*)(\*|\d+)?(?:\.(\*|\d*))?([\s\S])?/gu;

/** Go's fmt.Sprintf. Never throws: misuse shows in the text. */
export function sprintf(format: string, values: readonly unknown[]): string {
  let used = 0;
  const star = (text: string | undefined): number | undefined =>
    text === '*' ? numberOf(values[used++]) : text ? Number(text) : undefined;
  const text = format.replace(DIRECTIVE, (_, flags: string, width?: string, precision?: string, verb?: string) => {
    if (verb === undefined) return '%!(NOVERB)';
    const directive: Directive = {
      flags,
      width: star(width),
      precision: precision === undefined ? undefined : (star(precision) ?? 0),
      verb,
    };
    if (verb === '%') return '%';
    if (used >= values.length) return `%!${verb}(MISSING)`;
    return padded(formatOne(values[used++], directive), directive);
  });
  if (used >= values.length) return text;
  return `${text}%!(EXTRA ${values.slice(used).map(described).join(', ')})`;
}

function formatOne(value: unknown, directive: Directive): string {
  if (directive.verb === 'T') return typeName(value);
  const kind = kindOf(value);
  if (directive.verb === 'v') return kind === 'float' ? float(numberOf(value), { ...directive, verb: 'g' }) : printValue(value);
  switch (kind) {
    case 'list':
      return `[${(value as unknown[]).map((element) => formatOne(element, directive)).join(' ')}]`;
    case 'map':
      return `map[${sortedKeys(value as object)
        .map((key) => `${formatOne(key, directive)}:${formatOne((value as Record<string, unknown>)[key], directive)}`)
        .join(' ')}]`;
    case 'struct':
      return `{${Object.values(value as object)
        .map((field) => formatOne(field, directive))
        .join(' ')}}`;
    case 'bool':
      return directive.verb === 't' ? String(value) : wrong(value, directive);
    case 'int':
      return integer(typeof value === 'bigint' ? value : Number(value), directive) ?? wrong(value, directive);
    case 'float':
      return 'eEfFgG'.includes(directive.verb) ? float(numberOf(value), directive) : wrong(value, directive);
    case 'string':
      return text(textOf(value), directive) ?? wrong(value, directive);
    default:
      return `%!${directive.verb}(<nil>)`;
  }
}

function integer(value: number | bigint, { flags, verb, precision }: Directive): string | undefined {
  const sign = value < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const digits = (base: number, prefix: string): string =>
    sign + (flags.includes('#') ? prefix : '') + (value < 0 ? -value : value).toString(base).padStart(precision ?? 0, '0');
  switch (verb) {
    case 'd':
      return digits(10, '');
    case 'x':
      return digits(16, '0x');
    case 'X':
      return digits(16, '0X').toUpperCase();
    case 'o':
      return digits(8, '0');
    case 'b':
      return digits(2, '0b');
    case 'c':
      return String.fromCodePoint(value >= 0 && value <= 0x10ffff ? Number(value) : 0xfffd);
    case 'q':
      return quoteChar(Number(value));
    case 'U':
      return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`;
    default:
      return undefined;
  }
}

function float(value: number, { flags, verb, precision }: Directive): string {
  const sign = value >= 0 && flags.includes('+') ? '+' : '';
  if (!Number.isFinite(value)) return formatFloat(value);
  const lower = verb.toLowerCase();
  const body =
    lower === 'f'
      ? value.toFixed(precision ?? 6)
      : lower === 'e'
        ? goExponent(value.toExponential(precision ?? 6))
        : precision === undefined
          ? formatFloat(value)
          : shortest(value, precision);
  return sign + (verb === verb.toLowerCase() ? body : body.toUpperCase());
}

/** `%.Ng`: N significant digits, no trailing zeros, an exponent when it does not fit. */
export function shortest(value: number, digits: number): string {
  const precise = value.toExponential(Math.max(digits, 1) - 1);
  const exponent = Number(precise.slice(precise.indexOf('e') + 1));
  if (exponent < -4 || exponent >= Math.max(digits, 1)) return goExponent(precise.replace(/\.?0*e/, 'e'));
  return String(Number(precise));
}

function text(value: string, { flags, verb, precision }: Directive): string | undefined {
  const cut = precision === undefined ? value : Array.from(value).slice(0, precision).join('');
  switch (verb) {
    case 's':
      return cut;
    case 'q':
      return flags.includes('#') && !cut.includes('`') ? `\`${cut}\`` : quote(cut);
    case 'x':
      return Buffer.from(cut).toString('hex');
    case 'X':
      return Buffer.from(cut).toString('hex').toUpperCase();
    default:
      return undefined;
  }
}

function padded(text: string, { flags, width, verb }: Directive): string {
  const missing = Math.abs(width ?? 0) - Array.from(text).length;
  if (missing <= 0) return text;
  if (flags.includes('-') || (width ?? 0) < 0) return text + ' '.repeat(missing);
  if (!flags.includes('0') || !/[dxXobeEfFgG]/.test(verb)) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

function wrong(value: unknown, { verb }: Directive): string {
  return `%!${verb}(${described(value)})`;
}

function described(value: unknown): string {
  return value === null || value === undefined ? '<nil>' : `${typeName(value)}=${printValue(value)}`;
}
