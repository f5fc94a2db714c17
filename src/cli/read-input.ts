// All of standard input, for commands that take a file or `-`.
import { isFile, readFileOn } from '../sys/file-input.ts';
import { isTerminal } from './io.ts';

/** Stops reading once more than `limitBytes` came: then the result is longer than that. */
export async function readInput(limitBytes: number): Promise<Buffer> {
  // As in session.ts: Bun.stdin reads a terminal with pread, which it refuses.
  const source: AsyncIterable<Uint8Array> = isTerminal(0) ? process.stdin : isFile(0) ? readFileOn(0) : Bun.stdin.stream();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limitBytes) break;
  }
  return Buffer.concat(chunks);
}
