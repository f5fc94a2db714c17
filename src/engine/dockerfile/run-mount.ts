// `RUN --mount=…`: comma-separated `key=value`, read as a line of CSV; each value is expanded by itself, so that what a variable holds
// cannot add keys. Keys that a type does not know are mistakes, wherever `type` stands.
import { DockerfileProblem, didYouMean } from './problem.ts';
import { type MountValues, mountOf, type RunMountRequest } from './run-mount-types.ts';

export type { RunMountRequest } from './run-mount-types.ts';

const KEYS = ['type', 'from', 'source', 'target', 'readonly', 'id', 'sharing', 'required', 'size', 'mode', 'uid', 'gid', 'env'];
const OTHER_NAMES: Record<string, string> = { src: 'source', dst: 'target', destination: 'target', ro: 'readonly', rw: 'readwrite' };
const ALL_NAMES = [...KEYS, ...Object.keys(OTHER_NAMES), 'readwrite'];
const SWITCHES = ['readonly', 'readwrite', 'required'];

/**
 * What a value of --mount asks for, with BuildKit's defaults where it is silent; `expand` replaces the variables of a value. Paths and
 * `from` are as written: a relative target belongs to the working directory, as does one that is ''. Throws a DockerfileProblem.
 */
export function parseRunMount(text: string, expand: (word: string) => string = (word) => word): RunMountRequest {
  const values: MountValues = {};
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=');
    const written = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase();
    const key = Object.hasOwn(OTHER_NAMES, written) ? (OTHER_NAMES[written] ?? '') : written;
    if (!ALL_NAMES.includes(written)) {
      throw new DockerfileProblem(
        equals < 0
          ? `invalid field '${field}' must be a key=value pair${didYouMean(written, SWITCHES)}`
          : `unexpected key '${written}' in '${field}'${didYouMean(written, ALL_NAMES)}`,
      );
    }
    if (equals < 0 && !SWITCHES.includes(key)) throw new DockerfileProblem(`invalid field '${field}' must be a key=value pair`);
    const raw = equals < 0 ? 'true' : field.slice(equals + 1);
    if (key === 'from' && /\$./.test(raw)) {
      throw new DockerfileProblem(`'from' doesn't support variable expansion, define alias stage instead`);
    }
    values[key] = { name: written, value: expand(raw) };
  }
  return mountOf(values);
}

/** What can be known before variables are: throws what `parseRunMount` will throw anyway. */
export function checkRunMount(text: string, at: number): void {
  try {
    // A variable may stand for any value but that of `from`, so these are left for later.
    if (!text.includes('$')) parseRunMount(text);
    else for (const field of csvFields(text)) if (/^\s*from=.*\$./i.test(field)) parseRunMount(field);
  } catch (error) {
    if (!(error instanceof DockerfileProblem)) throw error;
    throw new DockerfileProblem(error.message, { at });
  }
}

function csvFields(text: string): string[] {
  if (text === '') throw new DockerfileProblem('failed to parse csv mounts: EOF');
  const fields: string[] = [];
  for (let at = 0; at <= text.length; at++) {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(text.slice(at));
    if (text[at] === '"' && !quoted) throw new DockerfileProblem(`failed to parse csv mounts: a quote does not end in '${text}'`);
    const comma = text.indexOf(',', at);
    const field = quoted?.[0] ?? text.slice(at, comma < 0 ? undefined : comma);
    fields.push(quoted ? (quoted[1] ?? '').replaceAll('""', '"') : field);
    at += field.length;
  }
  return fields;
}
