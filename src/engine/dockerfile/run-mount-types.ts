// The five types of `RUN --mount`: which keys each takes, what holds where one is silent, and what each is made into.
import { posix } from 'node:path';
import { parseBytes } from '../create/sizes.ts';
import { DockerfileProblem, didYouMean } from './problem.ts';

/** A mount as it was asked for; `from`: a stage, an image or a named context, undefined: the build context, for a cache nothing. */
export type RunMountRequest =
  | { type: 'bind'; target: string; from?: string | undefined; source: string; readonly: boolean }
  | {
      type: 'cache';
      target: string;
      id: string;
      from?: string | undefined;
      source: string;
      sharing: 'shared' | 'private' | 'locked';
      readonly: boolean;
      mode: number;
      uid: number;
      gid: number;
    }
  | { type: 'tmpfs'; target: string; sizeBytes?: number | undefined }
  | {
      type: 'secret';
      id: string;
      /** Without one it is only in the environment. */
      target?: string | undefined;
      env?: string | undefined;
      required: boolean;
      mode: number;
      uid: number;
      gid: number;
    }
  | { type: 'ssh'; id: string; target?: string | undefined; required: boolean; mode: number; uid: number; gid: number };

/** By key; `name`: the key as it was written. */
export type MountValues = Record<string, { name: string; value: string } | undefined>;

const TYPES = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
const SHARINGS = ['shared', 'private', 'locked'] as const;

/** Throws a DockerfileProblem. */
export function mountOf(values: MountValues): RunMountRequest {
  const type = oneOf(values.type?.value ?? 'bind', TYPES, 'mount type');
  const text = (key: string): string => values[key]?.value ?? '';
  const target = text('target');
  if (type !== 'cache' && values.sharing) throw new DockerfileProblem(sharingRefused(type));
  refuseForeignKeys(type, values);
  const from = text('from') || undefined;
  if (type === 'bind') return { type, target, from, source: text('source') || '/', readonly: isReadonly(values, true) };
  if (type === 'tmpfs') return { type, target, sizeBytes: sizeOf(values.size) };
  const owner = { uid: numberOf(values.uid, 10) ?? 0, gid: numberOf(values.gid, 10) ?? 0 };
  const mode = numberOf(values.mode, 8);
  if (type === 'cache') {
    const sharing = values.sharing ? oneOf(text('sharing'), SHARINGS, 'sharing value') : 'shared';
    const source = text('source') || '/';
    const readonly = isReadonly(values, false);
    return { type, target, id: text('id') || cleaned(target), from, source, sharing, readonly, mode: mode ?? 0o755, ...owner };
  }
  const required = flagOf(values.required) ?? false;
  if (type === 'ssh') return { type, id: text('id') || 'default', target: target || undefined, required, mode: mode ?? 0o600, ...owner };
  return { ...secretOf(text('id'), text('source'), target, text('env') || undefined), required, mode: mode ?? 0o400, ...owner };
}

function secretOf(id: string, source: string, target: string, env: string | undefined) {
  if (source !== '' && id !== '') throw new DockerfileProblem("both source and id can't be set");
  const named = source || id || (target === '' ? '' : posix.basename(target));
  if (named === '') throw new DockerfileProblem('invalid secret mount. one of source, target required');
  const usual = env === undefined ? `/run/secrets/${posix.basename(named)}` : undefined;
  return { type: 'secret' as const, id: named, target: target || usual, env };
}

// The same place is the same cache, however it is written.
const cleaned = (path: string): string => posix.normalize(path).replace(/(?<=.)\/$/, '');

const sharingRefused = (type: string): string =>
  type === 'secret' ? 'secret mount should not define sharing' : `invalid cache sharing set for ${type} mount`;

// Keys that only some types know. Others are harmless everywhere, and BuildKit lets them be.
function refuseForeignKeys(type: (typeof TYPES)[number], values: MountValues): void {
  if (type === 'secret' && values.from) throw new DockerfileProblem('secret mount should not have a from');
  const hasOwner = type === 'cache' || type === 'secret' || type === 'ssh';
  for (const key of ['mode', 'uid', 'gid']) {
    if (values[key] && !hasOwner) throw new DockerfileProblem(`${key} not allowed for "${type}" type mounts`);
  }
  const only: Record<string, boolean> = { required: type === 'secret' || type === 'ssh', size: type === 'tmpfs', env: type === 'secret' };
  for (const [key, isKnown] of Object.entries(only)) {
    if (values[key] && !isKnown) throw new DockerfileProblem(`unexpected key '${key}' for mount type '${type}'`);
  }
}

function isReadonly(values: MountValues, usual: boolean): boolean {
  // Of both the last one counts; an object keeps the order in which they were written.
  const last = Object.keys(values).findLast((key) => key === 'readonly' || key === 'readwrite');
  if (last === undefined) return usual;
  return flagOf(values[last]) === (last === 'readonly');
}

function oneOf<T extends string>(value: string, known: readonly T[], what: string): T {
  const found = known.find((one) => one === value.toLowerCase());
  if (found === undefined) throw new DockerfileProblem(`unsupported ${what} ${JSON.stringify(value)}${didYouMean(value, known)}`);
  return found;
}

function flagOf(given: MountValues[string]): boolean | undefined {
  if (given === undefined) return undefined;
  if (/^(?:1|t|true)$/i.test(given.value)) return true;
  if (/^(?:0|f|false)$/i.test(given.value)) return false;
  throw new DockerfileProblem(`invalid value for ${given.name}: ${given.value}`);
}

function numberOf(given: MountValues[string], base: 8 | 10): number | undefined {
  if (given === undefined) return undefined;
  const number = Number.parseInt(given.value, base);
  const isNumber = (base === 8 ? /^[0-7]+$/ : /^\d+$/).test(given.value) && number < 2 ** 32;
  if (!isNumber) throw new DockerfileProblem(`invalid value ${given.value} for ${given.name}`);
  return number;
}

function sizeOf(given: MountValues[string]): number | undefined {
  if (given === undefined) return undefined;
  try {
    return parseBytes(given.value);
  } catch {
    throw new DockerfileProblem(`invalid value for ${given.name}: ${given.value}`);
  }
}
