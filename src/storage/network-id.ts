// Ids of networks that are always there come from their names; those of user-defined ones are in their records.

/** 64 hex digits. */
export function networkId(name: string): string {
  return new Bun.CryptoHasher('sha256').update(`network ${name}`).digest('hex');
}
