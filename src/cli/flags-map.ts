// Flags of `name=value` pairs, and lists whose values may stand in one word with commas between them, as in Docker's client.
import type { ListFlag } from './flag.ts';

/** A repeatable flag of `name=value` pairs; a value is needed. */
export function mapFlag(spec: { char?: string; description: string }): ListFlag<[string, string]> {
  return { helpValue: 'map', ...spec, type: 'option', multiple: true, default: [], parse: pair };
}

/** Labels and the like: a name alone has an empty value. */
export function mapOf(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const equals = entry.indexOf('=');
      return equals === -1 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}

/** A repeatable flag that takes several values in one word, too: `a,b` and `a` `b` are the same. Each word gives a list. */
export function commaFlag<T>(parse: (text: string) => T, spec: { description: string }): ListFlag<T[]> {
  return { helpValue: 'strings', ...spec, type: 'option', multiple: true, default: [], parse: (text) => text.split(',').map(parse) };
}

function pair(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new Error(`"${text}" must be written as name=value`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}
