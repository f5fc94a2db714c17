// What a template may call: Go's builtins and Docker's own (json split join title lower upper pad truncate). A function throws a plain
// Error with Go's words; the runner adds which call failed and where. `and` and `or` are the runner's, because they stop early.
import { goJson } from './go-json.ts';
import { printValue, sprint, sprintln } from './go-print.ts';
import { sprintf } from './go-printf.ts';
import { type GoFunction, isTrue, kindOf, numberOf, textOf, typeName, zeroElement } from './go-values.ts';
import { compareEqual, compareLess } from './template-compare.ts';

export interface TemplateFunction {
  run: GoFunction;
  /** Go types of the parameters; `any` takes everything. */
  parameters: ('any' | 'string' | 'int' | '[]string')[];
  /** The last parameter repeats. */
  variadic?: boolean;
}

const any = (count: number, run: GoFunction): TemplateFunction => ({ run, parameters: Array(count).fill('any') });
const many = (run: GoFunction, first = 0): TemplateFunction => ({ run, parameters: Array(first + 1).fill('any'), variadic: true });
const textual = (run: (text: string) => string): TemplateFunction => ({ run: (text) => run(textOf(text)), parameters: ['string'] });

export const DOCKER_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  json: any(1, goJson),
  lower: textual((text) => text.toLowerCase()),
  upper: textual((text) => text.toUpperCase()),
  title: textual((text) => text.replace(/(?<![\p{L}\p{Nd}_'])\p{L}/gu, (letter) => letter.toUpperCase())),
  split: { run: (text, separator) => textOf(text).split(textOf(separator)), parameters: ['string', 'string'] },
  join: { run: (list, separator) => (list as unknown[]).map(printValue).join(textOf(separator)), parameters: ['[]string', 'string'] },
  pad: { run: pad, parameters: ['string', 'int', 'int'] },
  truncate: { run: (text, size) => truncate(textOf(text), numberOf(size)), parameters: ['string', 'int'] },
};

const BUILTINS: Readonly<Record<string, TemplateFunction>> = {
  and: many(() => undefined),
  or: many(() => undefined),
  not: any(1, (value) => !isTrue(value)),
  len: any(1, length),
  index: many(index, 1),
  slice: many(slice, 1),
  call: many(call, 1),
  print: many((...values) => sprint(values)),
  println: many((...values) => sprintln(values)),
  printf: { run: (format, ...values) => sprintf(textOf(format), values), parameters: ['string', 'any'], variadic: true },
  html: many((...values) => escapeHtml(escapable(values))),
  js: many((...values) => escapeJs(escapable(values))),
  urlquery: many((...values) =>
    encodeURIComponent(escapable(values))
      .replaceAll('%20', '+')
      .replace(/[!'()*]/g, hexEscape),
  ),
  eq: many(compareEqual, 1),
  ne: any(2, (left, right) => !compareEqual(left, right)),
  lt: any(2, compareLess),
  le: any(2, (left, right) => compareLess(left, right) || compareEqual(left, right)),
  gt: any(2, (left, right) => !(compareLess(left, right) || compareEqual(left, right))),
  ge: any(2, (left, right) => !compareLess(left, right)),
};

export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = { ...BUILTINS, ...DOCKER_FUNCTIONS };

/** For the header row of `table …`: what would change a value leaves the column's title as it is. */
export const HEADER_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  ...BUILTINS,
  ...Object.fromEntries(Object.keys(DOCKER_FUNCTIONS).map((name) => [name, many((title) => title, 1)])),
};

function pad(text: unknown, before: unknown, after: unknown): string {
  if (textOf(text) === '') return '';
  return ' '.repeat(Math.max(0, numberOf(before))) + textOf(text) + ' '.repeat(Math.max(0, numberOf(after)));
}

function truncate(text: string, size: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= size ? text : bytes.subarray(0, size).toString();
}

function length(value: unknown): number {
  switch (kindOf(value)) {
    case 'string':
      return Buffer.byteLength(textOf(value));
    case 'list':
      return (value as unknown[]).length;
    case 'map':
      return Object.keys(value as object).length;
    case 'nil':
    case 'invalid':
      throw new Error('len of nil pointer');
    default:
      throw new Error(`len of type ${typeName(value)}`);
  }
}

function index(item: unknown, ...keys: unknown[]): unknown {
  let value = item;
  for (const key of keys) {
    switch (kindOf(value)) {
      case 'list':
        value = (value as unknown[])[position(key, (value as unknown[]).length - 1)];
        break;
      case 'string': {
        const bytes = Buffer.from(textOf(value));
        value = bytes[position(key, bytes.length - 1)];
        break;
      }
      case 'map':
        if (kindOf(key) !== 'string') throw new Error(`value has type ${typeName(key)}; should be string`);
        value = Object.hasOwn(value as object, textOf(key))
          ? (value as Record<string, unknown>)[textOf(key)]
          : zeroElement(value as object);
        break;
      case 'nil':
      case 'invalid':
        throw new Error('index of untyped nil');
      default:
        throw new Error(`can't index item of type ${typeName(value)}`);
    }
  }
  return value;
}

function slice(item: unknown, ...bounds: unknown[]): unknown {
  const text = kindOf(item) === 'string' ? Buffer.from(textOf(item)) : undefined;
  if (!text && kindOf(item) !== 'list')
    throw new Error(kindOf(item) === 'nil' ? 'slice of untyped nil' : `can't slice item of type ${typeName(item)}`);
  if (bounds.length > 3) throw new Error(`too many slice indexes: ${bounds.length}`);
  if (text && bounds.length === 3) throw new Error('cannot 3-index slice a string');
  const sequence = text ?? (item as unknown[]);
  const [from = 0, to = sequence.length] = bounds.map((bound) => position(bound, sequence.length));
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  return text ? text.subarray(from, to).toString() : sequence.slice(from, to);
}

/** A list position, checked against the largest that is allowed. */
function position(key: unknown, last: number): number {
  if (kindOf(key) === 'nil' || kindOf(key) === 'invalid') throw new Error('cannot index slice/array with nil');
  if (kindOf(key) !== 'int') throw new Error(`cannot index slice/array with type ${typeName(key)}`);
  if (Number(key) < 0 || Number(key) > last) throw new Error(`index out of range: ${key}`);
  return Number(key);
}

function call(callee: unknown, ...args: unknown[]): unknown {
  if (callee === null || callee === undefined) throw new Error('call of nil');
  if (typeof callee !== 'function') throw new Error(`non-function ${printValue(callee)} of type ${typeName(callee)}`);
  return callee(...args);
}

function escapable(values: unknown[]): string {
  return values.length === 1 && kindOf(values[0]) === 'string' ? textOf(values[0]) : sprint(values);
}

const HTML: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&#39;', '"': '&#34;', '\0': '\ufffd' };

function escapeHtml(text: string): string {
  return text.replace(/[<>&'"\0]/g, (char) => HTML[char] ?? char);
}

function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\p{C}\u2028\u2029]/gu, (char) => {
    if (char === '\\' || char === "'" || char === '"') return `\\${char}`;
    return `\\u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

function hexEscape(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}
