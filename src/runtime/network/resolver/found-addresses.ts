// What an answer from elsewhere says of addresses, for the outbound policy.
import * as dns from 'dns-packet';

/** The addresses of an answer from elsewhere, and for how long they hold, in seconds; [] for what cannot be read. */
export function addressesOf(message: Uint8Array): { addresses: string[]; ttl: number } {
  try {
    const { answers = [] } = dns.decode(Buffer.from(message));
    const found = answers.flatMap((record) => (record.type === 'A' || record.type === 'AAAA' ? [record] : []));
    // The chain of aliases that led there is as short-lived as its shortest link.
    const ttl = Math.min(...answers.flatMap((record) => ('ttl' in record && record.ttl !== undefined ? [record.ttl] : [])), 86_400);
    return { addresses: found.map(({ data }) => data), ttl };
  } catch {
    return { addresses: [], ttl: 0 };
  }
}
