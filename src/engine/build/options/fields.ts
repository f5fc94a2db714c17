// The values of --output, --cache-from, --secret and their like: one CSV line of NAME=VALUE fields. Names are taken in any case. Errors are plain:
// the caller adds which flag it was.
import { csvFields } from '../../create/csv-fields.ts';

export interface FieldRules {
  /** Names that may stand without a value, and what they mean then. */
  bare?: Readonly<Record<string, string>>;
  /** The only names there are; any, where it is left out. */
  known?: readonly string[];
}

/** `type=local,dest=out` → `{ type: 'local', dest: 'out' }`; the last of a name counts. Throws an Error. */
export function keyedFields(text: string, { bare = {}, known }: FieldRules = {}): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=');
    const name = (equals === -1 ? field : field.slice(0, equals)).trim().toLowerCase();
    const value = equals === -1 ? bare[name] : field.slice(equals + 1);
    if (value === undefined || name === '') throw new Error(`invalid field '${field}' must be a key=value pair`);
    if (known && !known.includes(name)) throw new Error(`unexpected key '${name}' in '${field}': use ${listed(known)}`);
    fields[name] = value;
  }
  return fields;
}

/** `a`, `a or b`, `a, b or c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
