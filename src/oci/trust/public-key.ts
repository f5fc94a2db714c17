// A public key that a policy names (PEM: ECDSA, RSA or Ed25519), and the check of a signature with it.
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import type { Source } from './requirement.ts';

const KINDS = new Set(['ec', 'rsa', 'ed25519']);

/** Throws ERR_KEY. */
export function readPublicKey(source: Source): KeyObject {
  const text = readSource(source);
  const name = nameOf(source);
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw new EngineError('ERR_KEY', `Cannot use the key "${name}": it is a private key`, {
      hint: 'Give the public one, which cosign names cosign.pub',
    });
  }
  try {
    const key = createPublicKey(text);
    if (KINDS.has(key.asymmetricKeyType ?? '')) return key;
  } catch {
    // Said below.
  }
  throw new EngineError('ERR_KEY', `Cannot use the key "${name}": it is no public key in PEM form (ECDSA, RSA or Ed25519)`, {
    hint: 'It begins with -----BEGIN PUBLIC KEY-----; cosign names it cosign.pub',
  });
}

/** Throws ERR_KEY. */
export function readSource(source: Source): string {
  if ('text' in source) return source.text;
  try {
    return readFileSync(source.path, 'utf8');
  } catch (error) {
    const why = errnoOf(error) === 'ENOENT' ? 'there is no such file' : `it cannot be read (${errnoOf(error) ?? 'unknown'})`;
    throw new EngineError('ERR_KEY', `Cannot use "${source.path}": ${why}`, {
      hint: 'Check the path in the policy or on the command line',
      cause: error,
    });
  }
}

export const nameOf = (source: Source): string => ('path' in source ? source.path : source.name);

/** sha256 of the key itself, whatever file it came in. */
export function keyId(key: KeyObject): string {
  return `sha256:${new Bun.CryptoHasher('sha256').update(key.export({ type: 'spki', format: 'der' })).digest('hex')}`;
}

/** Ed25519 hashes by itself; cosign signs with the other kinds over SHA-256. */
export function isSignedBy(key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', data, key, signature);
  } catch {
    return false;
  }
}
