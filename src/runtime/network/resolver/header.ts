// The header of a DNS message, in place (RFC 1035, 4.1.1): all that has to be known of what is only handed on.

export const HEADER_BYTES = 12;

export const FLAG_RESPONSE = 0x8000;
export const FLAG_TRUNCATED = 0x0200;

/** The rcode of a message as it came; undefined for what is no answer to `raw` with id `id`. */
export function rcodeOf(message: Uint8Array, id: number): number | undefined {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (bytes.length < HEADER_BYTES || bytes.readUInt16BE(0) !== id || !(bytes.readUInt16BE(2) & FLAG_RESPONSE)) return undefined;
  return bytes.readUInt16BE(2) & 0xf;
}

/** The same message under another id. */
export function withId(message: Uint8Array, id: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id, 0);
  return copy;
}

export const idOf = (message: Uint8Array): number => ((message[0] ?? 0) << 8) | (message[1] ?? 0);

/** Whether an answer is cut short, to be asked for again by TCP. */
export const isTruncated = (message: Uint8Array): boolean => ((message[2] ?? 0) & (FLAG_TRUNCATED >> 8)) !== 0;
