// IP addresses as bytes. node:net would tell their family too, but loading it costs a quarter of a whole start.

/** 4 or 16 bytes of an address text (no zone, no brackets); undefined when it is none. */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** Whether a text is an address of the loopback: 127.0.0.0/8 or ::1. */
export function isLoopback(text: string): boolean {
  const bytes = parseIp(text);
  if (!bytes) return false;
  if (bytes.length === 4) return bytes[0] === 127;
  return bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return undefined;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | undefined {
  const tail = text.slice(text.lastIndexOf(':') + 1);
  const embedded = tail.includes('.') ? parseIpv4(tail) : undefined;
  if (tail.includes('.') && !embedded) return undefined;
  const plain = embedded ? `${text.slice(0, -tail.length)}${hex(embedded, 0)}:${hex(embedded, 2)}` : text;
  const halves = plain.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], rest] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - (rest?.length ?? 0);
  if (rest ? missing < 1 : missing !== 0) return undefined;
  const groups = rest ? [...head, ...Array<string>(missing).fill('0'), ...rest] : head;
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return Uint8Array.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]));
}

const hex = (bytes: Uint8Array, offset: number): string => (((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)).toString(16);
