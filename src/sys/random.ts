// Random ids without node:crypto, which costs 3 ms to load.

/** `bytes` random bytes as hex digits. */
export function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
}
