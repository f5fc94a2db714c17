// `--filter name=value`, as every list command takes it. Values of one name are alternatives, except labels, which must all fit.
import { EngineError } from '../sys/errors.ts';

export type Filters = ReadonlyMap<string, readonly string[]>;

/** Parses the flag's values; names are trimmed and lower-cased as in Docker. Throws ERR_BAD_FILTER for what is not in `known`. */
export function parseFilters(texts: readonly string[], known: readonly string[]): Filters {
  const filters = new Map<string, string[]>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 0) {
      throw new EngineError(
        'ERR_BAD_FILTER',
        `Invalid argument "${text}" for "-f, --filter" flag: bad format of filter (expected name=value)`,
        {
          exitCode: 125,
        },
      );
    }
    const name = text.slice(0, equals).trim().toLowerCase();
    if (!known.includes(name)) throw invalidFilter(name, `Known filters: ${known.join(', ')}`);
    filters.set(name, [...(filters.get(name) ?? []), text.slice(equals + 1).trim()]);
  }
  return filters;
}

/** Docker's sentence for a filter it does not know, or a value that the filter cannot have. */
export function invalidFilter(filter: string, hint: string): EngineError {
  return new EngineError('ERR_BAD_FILTER', `invalid filter '${filter}'`, { hint });
}

/** `true`, `1` or `false`, `0` of a filter that is a yes or no; undefined when it was not given. */
export function booleanFilter(filters: Filters, name: string): boolean | undefined {
  const [value] = filters.get(name) ?? [];
  if (value === undefined) return undefined;
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw invalidFilter(`${name}=${value}`, `Give ${name}=true or ${name}=false`);
}

/** Whether labels have every wanted `key` or `key=value`. */
export function labelsMatch(filters: Filters, labels: Readonly<Record<string, string>> | undefined): boolean {
  return (filters.get('label') ?? []).every((wanted) => {
    const equals = wanted.indexOf('=');
    const key = equals < 0 ? wanted : wanted.slice(0, equals);
    return labels !== undefined && Object.hasOwn(labels, key) && (equals < 0 || labels[key] === wanted.slice(equals + 1));
  });
}

/** Whether `text` is one of the wanted values or matches one as a regular expression. */
export function textMatches(wanted: readonly string[] | undefined, text: string): boolean {
  if (!wanted) return true;
  return wanted.some((pattern) => pattern === text || patternMatches(pattern, text));
}

function patternMatches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return false;
  }
}
