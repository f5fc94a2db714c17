// A registry's refusal of what is pushed, in Docker's words. Who may read may still not write: so 401 and 403 at any step mean the same.
import { EngineError } from '../sys/errors.ts';
import { familiarReference } from './reference.ts';
import { otherRefusal, type Refusal, saidBy } from './registry-error.ts';

/** `what` begins the sentence (`Cannot push the blob "sha256:…"`); `repository` is its name without tag, normalised. */
export function pushRefusal(refusal: Refusal, { what, repository }: { what: string; repository: string }): EngineError {
  if (refusal.status === 401 || refusal.status === 403) return pushDenied(refusal, repository);
  if (refusal.status === 405) {
    return new EngineError('ERR_READ_ONLY', `${what}: ${refusal.host} takes no uploads: ${saidBy(refusal) ?? 'unsupported'}`, {
      hint: 'It is read-only, a mirror for instance: push to another registry',
    });
  }
  if (refusal.status === 413) {
    return new EngineError('ERR_ANSWER_TOO_LARGE', `${what}: ${refusal.host} finds it too large: ${saidBy(refusal) ?? 'status 413'}`, {
      hint: 'A proxy before the registry may limit what it takes (nginx: client_max_body_size)',
    });
  }
  return otherRefusal(refusal, what);
}

function pushDenied(refusal: Refusal, repository: string): EngineError {
  const said =
    saidBy(refusal) ??
    (refusal.status === 401 ? 'unauthorized: authentication required' : 'denied: requested access to the resource is denied');
  return new EngineError(
    'ERR_PUSH_DENIED',
    `push access denied for ${familiarReference(repository)}, repository does not exist or may require authorization: ${said}`,
    { hint: `Check the name, and that you may write there; log in with: skiff login ${refusal.host}` },
  );
}
