// Digests as the store uses them: `sha256:<64 hex>`, checked before any of it becomes part of a path.
import { EngineError } from '../sys/errors.ts';

const SHA256 = /^sha256:[0-9a-f]{64}$/;

/** The hex part. Throws ERR_DIGEST_UNSUPPORTED for anything but a well-formed sha256 digest (image-spec, descriptor.md). */
export function hexOfDigest(digest: string): string {
  if (!SHA256.test(digest)) {
    throw new EngineError('ERR_DIGEST_UNSUPPORTED', `Cannot use the digest "${digest}": only sha256 with 64 hex digits is supported`);
  }
  return digest.slice(7);
}

export const isDigest = (text: string): boolean => SHA256.test(text);

/** Whether a value read back from our own record is a digest as far as its shape tells: no path can be made of what passes. Made for lists of thousands. */
export const hasDigestShape = (value: unknown): value is string =>
  typeof value === 'string' && value.length === 71 && value.startsWith('sha256:') && !value.includes('/');

/** `sha256:<hex>` of the bytes. */
export function digestOf(data: Uint8Array | string): string {
  return `sha256:${new Bun.CryptoHasher('sha256').update(data).digest('hex')}`;
}
