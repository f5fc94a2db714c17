// Keeps the values of secrets out of what a step prints (`set -x`, a tool that repeats its token): each occurrence becomes `***`. Bytes that may be
// the beginning of one are held back until it is clear, so that a value that comes in two pieces is found too.
// Trap: values of a few bytes occur by chance, and lines of a key file may be empty or common; those are left alone.

/** Takes what one stream prints; `end` gives out what is held back. */
export interface Mask {
  write(chunk: Uint8Array): void;
  end(): void;
}

const SHORTEST = 4;
/** Of a single line of a value of several: shorter ones say nothing. */
const SHORTEST_LINE = 8;
const STARS = Buffer.from('***');

/** Hands `emit` what is written, without `values`. */
export function createMask(values: readonly Buffer[], emit: (data: Uint8Array) => void): Mask {
  const words = [...new Set(values.flatMap(wordsOf))].map((word) => Buffer.from(word, 'latin1')).sort((a, b) => b.length - a.length);
  let held = Buffer.alloc(0);

  return {
    write(chunk) {
      if (words.length === 0) return emit(chunk);
      const data = masked(Buffer.concat([held, chunk]));
      const keep = longestBeginning(data);
      held = Buffer.from(data.subarray(data.length - keep));
      if (data.length > keep) emit(data.subarray(0, data.length - keep));
    },
    end() {
      if (held.length > 0) emit(held);
      held = Buffer.alloc(0);
    },
  };

  function masked(data: Buffer): Buffer {
    let rest = data;
    const parts: Buffer[] = [];
    for (let next = firstIn(rest); next; next = firstIn(rest)) {
      parts.push(rest.subarray(0, next.at), STARS);
      rest = rest.subarray(next.at + next.length);
    }
    return parts.length === 0 ? data : Buffer.concat([...parts, rest]);
  }

  /** The earliest occurrence, the longest of those that begin there. */
  function firstIn(data: Buffer): { at: number; length: number } | undefined {
    let first: { at: number; length: number } | undefined;
    for (const word of words) {
      const at = data.indexOf(word);
      if (at >= 0 && (first === undefined || at < first.at)) first = { at, length: word.length };
    }
    return first;
  }

  /** How many bytes at the end may go on to be a value. */
  function longestBeginning(data: Buffer): number {
    const most = Math.min(data.length, (words[0]?.length ?? 1) - 1);
    for (let length = most; length > 0; length--) {
      const tail = data.subarray(data.length - length);
      if (words.some((word) => word.length > length && word.subarray(0, length).equals(tail))) return length;
    }
    return 0;
  }
}

/** What of a value must not be seen, as byte strings: all of it, and each of its lines. */
function wordsOf(value: Buffer): string[] {
  const whole = value.toString('latin1').replace(/[\r\n]+$/, '');
  const lines = whole.split(/\r?\n/);
  const long = lines.length > 1 ? lines.filter((line) => line.length >= SHORTEST_LINE && !line.startsWith('-----')) : [];
  return whole.length >= SHORTEST ? [whole, ...long] : [];
}
