// Values of HCL turned into one another, as the language does where a type is asked for: numbers and truth values to text and back.
import type { Value } from './ast.ts';

/** Throws an Error that says what it is instead. */
export function toText(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean') return String(value);
  throw new Error(`a text is needed, not ${typeName(value)}`);
}

export function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return Number(value);
  throw new Error(`a number is needed, not ${typeName(value)}`);
}

export function toBoolean(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new Error(`true or false is needed, not ${typeName(value)}`);
}

export function toList(value: Value): Value[] {
  if (Array.isArray(value)) return value;
  throw new Error(`a list is needed, not ${typeName(value)}`);
}

export function toObject(value: Value): Record<string, Value> {
  if (isObject(value)) return value;
  throw new Error(`an object is needed, not ${typeName(value)}`);
}

export const isObject = (value: Value): value is { [name: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Deep equality; a number and a text are never the same. */
export const isEqual = (a: Value, b: Value): boolean => canonical(a) === canonical(b);

export function typeName(value: Value): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `the text "${value}"` : typeof value === 'number' ? `the number ${value}` : String(value);
}

function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? BigInt(value).toString() : String(value);
}

function canonical(value: Value): string {
  if (!isObject(value)) return Array.isArray(value) ? `[${value.map(canonical).join(',')}]` : JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name] as Value)}`).join(',')}}`;
}
