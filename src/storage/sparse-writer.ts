// Writes a file from its beginning to its end, leaving holes where its content is zeros: disk images and databases keep the room they
// take, and what their holes hold need not be written.
import { truncateFd, writeAt } from '../sys/at.ts';

export interface SparseWriter {
  readonly fd: number;
  write(data: Buffer, from: number, to: number): void;
  /** Gives the file its size. */
  finish(): void;
}

/** Bytes that are looked at together; no shorter run of zeros becomes a hole. */
const PIECE_BYTES = 1 << 15;
const ZEROS = Buffer.alloc(PIECE_BYTES);

/** A writer to the new, empty file `fd`, which stays the caller's to close. */
export function createSparseWriter(fd: number): SparseWriter {
  let size = 0;
  let written = 0;

  return { fd, write, finish };

  function write(data: Buffer, from: number, to: number): void {
    let start = from;
    for (let at = from; at < to; ) {
      const end = Math.min(at + PIECE_BYTES, to);
      if (isZeros(data, at, end)) {
        put(data, start, at, size + start - from);
        start = end;
      }
      at = end;
    }
    put(data, start, to, size + start - from);
    size += to - from;
  }

  function put(data: Buffer, from: number, to: number, offset: number): void {
    if (from === to) return;
    writeAt(fd, data, { at: from, length: to - from, offset });
    written = offset + to - from;
  }

  function finish(): void {
    if (written < size) truncateFd(fd, size);
  }
}

const isZeros = (data: Buffer, from: number, to: number): boolean => data[from] === 0 && data.compare(ZEROS, 0, to - from, from, to) === 0;
