// A policy file, ours or podman's, and what it asks of an image. Read anew for each pull, and strictly: a file that cannot be read or
// understood lets nothing through. Loaded only where there is such a file.
import { readFileSync } from 'node:fs';
import { errnoOf } from '../../sys/errors.ts';
import type { Reference } from '../reference.ts';
import { brokenPolicy } from './policy-error.ts';
import { readOwnPolicy } from './policy-own.ts';
import { isPodmanPolicy, readPodmanPolicy } from './policy-podman.ts';
import type { Ruling } from './requirement.ts';

export interface Policy {
  path: string;
  rulingFor(reference: Reference): Ruling;
}

/** Throws ERR_POLICY_FILE. */
export function readPolicy(path: string, env: Readonly<Record<string, string | undefined>>): Policy {
  const value = parse(path);
  const rulingFor = isPodmanPolicy(value) ? readPodmanPolicy(path, value) : readOwnPolicy(path, value, env.HOME ?? '/');
  return { path, rulingFor };
}

function parse(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw brokenPolicy(
      path,
      errnoOf(error) === 'ENOENT' ? 'there is no such file' : `it cannot be read (${errnoOf(error) ?? 'unknown'})`,
      error,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw brokenPolicy(path, 'it is not JSON', error);
  }
}
