// Reading files of settings. A file that is there and cannot be used is an error that names it; nothing here knows their forms, so that the common
// case, no such file, loads no checker of any.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, errnoOf } from '../sys/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `$XDG_CONFIG_HOME`, by the XDG base directory specification. */
export function configHome(env: Env): string {
  return env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(env.HOME ?? '/', '.config');
}

/** The text of a file, undefined when it is not there. Throws ERR_REGISTRIES_FILE when it cannot be read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw brokenSettings(path, errnoOf(error) ?? 'it cannot be read', error);
  }
}

export function brokenSettings(path: string, why: string, cause: unknown): EngineError {
  return new EngineError('ERR_REGISTRIES_FILE', `Cannot use "${path}": ${why}`, { hint: 'Correct it or remove it', cause });
}
