// Where the last N lines of a rotated log begin, found from the end backwards: a tail of a 10 MB log reads kilobytes.
import { contentOf, type LogFile } from './log-files.ts';

const CHUNK = 64 * 1024;
const NEWLINE = 0x0a;

/** File and offset of the first of the last `count` lines. An unfinished last line does not count. */
export function findTail(files: readonly LogFile[], count: number): { index: number; offset: number } {
  let missing = count;
  for (let index = files.length - 1; index >= 0; index--) {
    const { offset, found } = tailOfFile(files[index] as LogFile, missing);
    if (found >= missing) return { index, offset };
    missing -= found;
  }
  return { index: 0, offset: 0 };
}

/** Offset of the last `count` lines, or 0 and how many lines there are. */
function tailOfFile(file: LogFile, count: number): { offset: number; found: number } {
  const { sizeBytes, read } = contentOf(file);
  const chunk = Buffer.allocUnsafe(CHUNK);
  let found = -1;
  let end = sizeBytes;
  while (end > 0) {
    const start = Math.max(0, end - CHUNK);
    const length = read(chunk, 0, end - start, start);
    for (let at = length; ; ) {
      at = at > 0 ? chunk.lastIndexOf(NEWLINE, at - 1) : -1;
      if (at < 0) break;
      // The newline before a line ends the one above it; the very last one ends the last line itself.
      found++;
      if (found === count) return { offset: start + at + 1, found };
    }
    end = start;
  }
  return { offset: 0, found: found + 1 };
}
