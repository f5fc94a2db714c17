// JSON as Docker's Go code writes it: map keys sorted, struct fields in order, and (for rows) `<`, `>`, `&` escaped.
import { Float, JsonNumber, kindOf, sortedKeys, structType } from './go-values.ts';

declare global {
  interface JSON {
    /** A number with more digits than JavaScript's have, as its text. */
    rawJSON(text: string): object;
  }
}

/** One line of JSON. Rows of lists (Docker's `*formatter.…`) are escaped as encoding/json does by default. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(ordered(value)) ?? 'null';
  return isRow(value) ? escapeHtml(text) : text;
}

function isRow(value: unknown): boolean {
  return typeof value === 'object' && value !== null && structType(value)?.startsWith('*formatter.') === true;
}

function escapeHtml(text: string): string {
  return text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function ordered(value: unknown): unknown {
  if (value instanceof Float) return value.value;
  if (value instanceof JsonNumber) return Number(value.text);
  if (typeof value === 'bigint') return JSON.rawJSON(String(value));
  const kind = kindOf(value);
  if (kind === 'list') return (value as { toJSON?: unknown }).toJSON ? null : (value as unknown[]).map(ordered);
  if (kind !== 'map' && kind !== 'struct') return value;
  if ((value as { toJSON?: unknown }).toJSON) return null;
  const fields = value as Record<string, unknown>;
  const keys = kind === 'map' ? sortedKeys(fields) : Object.keys(fields);
  return Object.fromEntries(keys.filter((key) => typeof fields[key] !== 'function').map((key) => [key, ordered(fields[key])]));
}
