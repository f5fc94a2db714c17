// The policy file that distributions install with podman asks for nothing, whatever the image. It is known by sight, so that no pull on such a machine
// loads the checker of policies. Whatever is not plainly so is for `readPolicy` to judge.
import { readFileSync } from 'node:fs';

/** Whether the file is podman's, and each of its requirements is `insecureAcceptAnything`. */
export function acceptsAll(path: string): boolean {
  try {
    const { default: general, transports = {}, ...rest }: Record<string, unknown> = JSON.parse(readFileSync(path, 'utf8'));
    const scopes = objectValues(transports).flatMap(objectValues);
    return Object.keys(rest).length === 0 && [general, ...scopes].every(isOpen);
  } catch {
    return false;
  }
}

function isOpen(requirements: unknown): boolean {
  return Array.isArray(requirements) && requirements.length > 0 && requirements.every(isAccept);
}

function isAccept(requirement: unknown): boolean {
  return JSON.stringify(requirement) === '{"type":"insecureAcceptAnything"}';
}

/** Throws for what is no object. */
function objectValues(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object');
  return Object.values(value);
}
