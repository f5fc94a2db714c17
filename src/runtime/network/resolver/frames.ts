// DNS by TCP: every message is preceded by its length in two bytes (RFC 1035, 4.2.2), and pieces come as they like.

/** A function that is fed what arrives and calls `onMessage` for each whole message. Holds at most one message that is not whole yet. */
export function tcpFrames(onMessage: (message: Buffer) => void): (chunk: Uint8Array) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = pending.length ? Buffer.concat([pending, chunk]) : Buffer.from(chunk);
    while (pending.length >= 2) {
      const end = 2 + pending.readUInt16BE(0);
      if (pending.length < end) return;
      const message = pending.subarray(2, end);
      pending = pending.subarray(end);
      onMessage(message);
    }
  };
}

/** The message as it goes out. */
export function framed(message: Uint8Array): Buffer {
  const out = Buffer.alloc(message.length + 2);
  out.writeUInt16BE(message.length, 0);
  out.set(message, 2);
  return out;
}
