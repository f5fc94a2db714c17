// What Go knows of a value and JavaScript does not: whether an object is a struct (an unknown field is an error) or a map (a missing
// key is no error), and which empty list is nil. The marks are symbols and non-enumerable, so JSON.stringify never sees them.
// Trap: a struct field that is `undefined` is a nil pointer: known to templates, absent from JSON.

const TYPE = Symbol('Go type');
const ZERO = Symbol('zero value of the elements');

/** A number written with a point or exponent in a template: Go keeps it apart from an integer. */
export class Float {
  constructor(readonly value: number) {}
}

/** A number of a JSON document read without a type, as Go's `json.Number`: a string to templates. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

export type GoFunction = (...args: unknown[]) => unknown;

/**
 * Marks `fields` as a Go struct named `type`, as error texts name it. `whenEmpty` are the zero values of fields that JSON leaves out
 * when they are empty: templates still see them.
 */
export function struct<T extends object>(type: string, fields: T, whenEmpty: Readonly<Record<string, unknown>> = {}): T {
  for (const [name, zero] of Object.entries(whenEmpty)) {
    if ((fields as Record<string, unknown>)[name] === undefined) Object.defineProperty(fields, name, { value: zero, enumerable: false });
  }
  return Object.defineProperty(fields, TYPE, { value: type });
}

/** A Go map: keys sorted bytewise, `zero` what `index` gives for a missing key. */
export function goMap<T>(entries: Readonly<Record<string, T>>, zero: unknown): Record<string, T> {
  const sorted: Record<string, T> = {};
  for (const key of sortedKeys(entries)) sorted[key] = entries[key] as T;
  return Object.defineProperty(sorted, ZERO, { value: zero });
}

/** An empty list that JSON shows as `null`. */
export const NIL_LIST: readonly never[] = Object.freeze(Object.defineProperty([], 'toJSON', { value: () => null }));

/** `list`, or Go's nil list for null, undefined. */
export function listOrNil<T>(list: readonly T[] | null | undefined): readonly T[] {
  return list ?? NIL_LIST;
}

/** An empty map that JSON shows as `null`, its elements of the kind of `zero`. */
export function nilMap(zero: unknown): Record<string, never> {
  return Object.defineProperty(goMap<never>({}, zero), 'toJSON', { value: () => null });
}

/** The struct's type name, or undefined when `value` is no struct. */
export function structType(value: object): string | undefined {
  return (value as { [TYPE]?: string })[TYPE];
}

/** What `index` and a missing key of a typed map give. */
export function zeroElement(value: object): unknown {
  return (value as { [ZERO]?: unknown })[ZERO] ?? null;
}

/** Keys in Go's order: by bytes. */
export function sortedKeys(value: object): string[] {
  return Object.keys(value).sort(byBytes);
}

export function byBytes(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export type Kind = 'invalid' | 'nil' | 'bool' | 'int' | 'float' | 'string' | 'list' | 'map' | 'struct' | 'function';

/** Go's idea of what `value` is. */
export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'undefined':
      return 'invalid';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float';
    case 'bigint':
      return 'int';
    case 'string':
      return 'string';
    case 'function':
      return 'function';
    default:
      return kindOfObject(value);
  }
}

function kindOfObject(value: unknown): Kind {
  if (value === null || typeof value !== 'object') return 'nil';
  if (value instanceof Float) return 'float';
  if (value instanceof JsonNumber) return 'string';
  if (Array.isArray(value)) return 'list';
  return structType(value) === undefined ? 'map' : 'struct';
}

/** The Go type's name as error texts and `%T` show it. */
export function typeName(value: unknown): string {
  const kind = kindOf(value);
  if (kind === 'float') return 'float64';
  if (kind === 'list') return `[]${elementType(value as unknown[])}`;
  if (kind === 'map') return `map[string]${elementType(Object.values(value as object))}`;
  if (kind === 'struct') return structType(value as object) ?? '';
  if (kind === 'function') return 'func';
  if (value instanceof JsonNumber) return 'json.Number';
  return kind === 'invalid' || kind === 'nil' ? '<nil>' : kind;
}

function elementType(elements: unknown[]): string {
  const types = new Set(elements.map(typeName));
  const [only] = types;
  return types.size === 1 && only !== undefined && only !== '<nil>' ? only : 'interface {}';
}

/** Text of a string-like value. */
export function textOf(value: unknown): string {
  return value instanceof JsonNumber ? value.text : String(value);
}

/** Number of an int or float. */
export function numberOf(value: unknown): number {
  return value instanceof Float ? value.value : Number(value);
}

/** Go's truth: false, 0, "", nil, and what is empty are false; a struct is true. */
export function isTrue(value: unknown): boolean {
  switch (kindOf(value)) {
    case 'invalid':
    case 'nil':
      return false;
    case 'bool':
      return value === true;
    case 'int':
    case 'float':
      return numberOf(value) !== 0;
    case 'string':
      return textOf(value) !== '';
    case 'list':
      return (value as unknown[]).length > 0;
    case 'map':
      return Object.keys(value as object).length > 0;
    default:
      return true;
  }
}
