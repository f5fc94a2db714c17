// Writes a tar archive (ustar with PAX headers) in chunks to a callback, all before a call returns, in the memory of one buffer: headers
// are encoded into it and files read into it, so content is copied once, by the kernel.
// Our own, because npm's `tar` takes names as text (other bytes come out changed) and cannot write extended attributes.
// Trap: the buffer is reused, so who gets a chunk may not keep it.
import { readInto } from '../sys/read-at.ts';
import { encodePax, paxHeaderFor, paxRecordsFor, writeTarHeader } from './tar-encode.ts';
import { BLOCK_BYTES, type TarHeader } from './tar-header.ts';

export interface TarWriter {
  /** Begins an entry; exactly `size` bytes of content follow for a regular file, none for anything else. Ends the one before. */
  entry(header: TarHeader): void;
  /** Content from memory. */
  content(data: Uint8Array): void;
  /** Content from a file, one buffer's worth at a time; false when the entry has all its bytes, or the file no more. */
  contentFrom(fd: number): boolean;
  /** How many bytes of content the entry still wants. */
  wanted(): number;
  /** Writes the archive's end mark. */
  end(): void;
}

const CHUNK_BYTES = 1 << 20;

/**
 * A name that ends with a slash is a folder's; names are byte strings. A file that was too short is filled up with zeros. `onContent` hears
 * what was read of files.
 */
export function createTarWriter(onData: (chunk: Buffer) => void, { onContent }: { onContent?: (data: Buffer) => void } = {}): TarWriter {
  const buffer = Buffer.from(new ArrayBuffer(CHUNK_BYTES));
  let filled = 0;
  /** Bytes of content that the entry still wants, and of zeros behind them. */
  let left = 0;
  let padding = 0;

  return { entry, content, contentFrom, wanted: () => left, end };

  function entry(header: TarHeader): void {
    finishEntry();
    const records = paxRecordsFor(header);
    if (records.length > 0) {
      const body = encodePax(records);
      begin(paxHeaderFor(header, body.length));
      content(body);
      finishEntry();
    }
    begin(header);
  }

  function begin(header: TarHeader): void {
    if (filled + BLOCK_BYTES > CHUNK_BYTES) flush();
    writeTarHeader(buffer, filled, header);
    filled += BLOCK_BYTES;
    left = header.type === '0' || header.type === 'x' ? header.size : 0;
    padding = (BLOCK_BYTES - (left % BLOCK_BYTES)) % BLOCK_BYTES;
  }

  function content(data: Uint8Array): void {
    if (data.length > left) throw new Error('More content than the tar entry announced');
    left -= data.length;
    for (let at = 0; at < data.length; ) {
      if (filled === CHUNK_BYTES) flush();
      const count = Math.min(CHUNK_BYTES - filled, data.length - at);
      buffer.set(data.subarray(at, at + count), filled);
      filled += count;
      at += count;
    }
  }

  function contentFrom(fd: number): boolean {
    if (left === 0) return false;
    if (filled === CHUNK_BYTES) flush();
    const count = readInto(fd, buffer, filled, Math.min(left, CHUNK_BYTES - filled));
    if (onContent && count > 0) onContent(buffer.subarray(filled, filled + count));
    filled += count;
    left -= count;
    return count > 0 && left > 0;
  }

  function finishEntry(): void {
    zeros(left + padding);
    left = padding = 0;
  }

  function zeros(count: number): void {
    for (let rest = count; rest > 0; ) {
      if (filled === CHUNK_BYTES) flush();
      const part = Math.min(rest, CHUNK_BYTES - filled);
      buffer.fill(0, filled, filled + part);
      filled += part;
      rest -= part;
    }
  }

  function end(): void {
    finishEntry();
    zeros(2 * BLOCK_BYTES);
    flush();
  }

  function flush(): void {
    if (filled > 0) onData(buffer.subarray(0, filled));
    filled = 0;
  }
}
