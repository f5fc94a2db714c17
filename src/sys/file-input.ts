// Standard input that is a file, read from where the caller stands in it and leaving the caller behind what was read, as a program
// that inherits it would: Bun's stream of a file begins anew.
import { fstatSync, readSync } from 'node:fs';

const CHUNK_BYTES = 65_536;

/** Whether `fd` is a regular file. */
export function isFile(fd: number): boolean {
  return fstatSync(fd).isFile();
}

/** The rest of the file behind `fd`, in chunks. */
export async function* readFileOn(fd: number): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const length = readSync(fd, chunk, 0, chunk.length, null);
    if (length === 0) return;
    yield chunk.subarray(0, length);
  }
}
