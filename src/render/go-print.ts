// Go's value printing: what `%v`, fmt.Sprint and fmt.Sprintln make of strings, numbers, lists, maps (sorted keys), structs and nil.
// Trap: a float prints as `%g` with exponents of two digits at least, from 1e+21 on.
import { JsonNumber, kindOf, numberOf, sortedKeys, textOf } from './go-values.ts';

/** A value as `%v` prints it. */
export function printValue(value: unknown): string {
  switch (kindOf(value)) {
    case 'float':
      return formatFloat(numberOf(value));
    case 'string':
      return textOf(value);
    case 'list':
      return `[${(value as unknown[]).map(printValue).join(' ')}]`;
    case 'map':
      return `map[${sortedKeys(value as object)
        .map((key) => `${key}:${printValue((value as Record<string, unknown>)[key])}`)
        .join(' ')}]`;
    case 'struct':
      return `{${Object.values(value as object)
        .filter((field) => typeof field !== 'function')
        .map(printValue)
        .join(' ')}}`;
    case 'invalid':
    case 'nil':
      return '<nil>';
    default:
      return String(value);
  }
}

/** fmt.Sprint: a space between two operands when neither is a string. */
export function sprint(values: unknown[]): string {
  return values
    .map((value, index) => (index > 0 && !isText(value) && !isText(values[index - 1]) ? ` ${printValue(value)}` : printValue(value)))
    .join('');
}

/** fmt.Sprintln: spaces between all, and a newline. */
export function sprintln(values: unknown[]): string {
  return `${values.map(printValue).join(' ')}\n`;
}

/** A float as `%g` prints it in `%v`: shortest form, exponent below 1e-4 and from 1e21. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e21)) return goExponent(value.toExponential());
  return Object.is(value, -0) ? '-0' : String(value);
}

/** `1e-7` as Go writes it: `1e-07`. */
export function goExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function isText(value: unknown): boolean {
  return typeof value === 'string' || value instanceof JsonNumber;
}
