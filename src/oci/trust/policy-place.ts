// Which policy file holds, if any: the one that SKIFF_POLICY names, else our own, else podman's, the user's before the machine's. One file
// alone holds; they are not added up. Without any, every pull costs three looks and loads nothing.
// Trap: what cannot be looked at counts as there, so that reading it fails and nothing is pulled past it.
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errnoOf } from '../../sys/errors.ts';
import { configHome } from '../settings-file.ts';

/** Its absolute path; undefined when nobody set a policy. */
export function policyPlace(env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (env.SKIFF_POLICY) return resolve(env.SKIFF_POLICY);
  return [join(configHome(env), 'skiff/policy.json'), join(configHome(env), 'containers/policy.json'), '/etc/containers/policy.json'].find(
    mayBeThere,
  );
}

function mayBeThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR';
  }
}
