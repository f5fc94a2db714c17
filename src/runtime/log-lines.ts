// Cuts a container's output into lines for its log. What a program prints in one go is handed on in one go, as far as it is whole lines:
// a container may print hundreds of megabytes a second.
// Trap: a line above 16 KiB is cut into pieces without newline, at a character's edge, as Docker does.

export type LogStream = 'stdout' | 'stderr';

/** Takes whole lines, none longer than a piece may be, or one piece of a longer line. */
export type LineTaker = (stream: LogStream, bytes: Uint8Array, now: number) => void;

export interface LineCutter {
  /** Takes a chunk as it came; `now` in milliseconds since 1970. */
  write(stream: LogStream, chunk: Uint8Array, now: number): void;
  /** Hands on what is left of unfinished lines. */
  end(now: number): void;
}

/** Longest piece of a line, bytes. */
const MAX_LINE = 16 * 1024;
const NEWLINE = 0x0a;

export function cutLines(take: LineTaker): LineCutter {
  const lines = { stdout: new Line(), stderr: new Line() };
  return {
    write(stream, chunk, now) {
      const line = lines[stream];
      let at = 0;
      while (at < chunk.length) {
        const whole = line.length === 0 ? wholeLines(chunk, at) : at;
        if (whole > at) take(stream, chunk.subarray(at, whole), now);
        at = whole + line.append(chunk, whole);
        if (line.ended) line.drop(line.length, (bytes) => take(stream, bytes, now));
        else if (line.full) line.drop(characterEdge(line.bytes, MAX_LINE), (bytes) => take(stream, bytes, now));
      }
    },
    end(now) {
      for (const stream of ['stdout', 'stderr'] as const) {
        const line = lines[stream];
        if (line.length > 0) line.drop(line.length, (bytes) => take(stream, bytes, now));
      }
    },
  };
}

/** End of the whole lines at `from` that each fit in one entry; `from` when there are none. */
function wholeLines(chunk: Uint8Array, from: number): number {
  let end = from;
  for (;;) {
    const newline = chunk.lastIndexOf(NEWLINE, end + MAX_LINE);
    if (newline < end) return end;
    end = newline + 1;
  }
}

/** A line that has not ended yet. */
class Line {
  bytes: Uint8Array = new Uint8Array(0);
  length = 0;

  get full(): boolean {
    return this.length > MAX_LINE;
  }

  get ended(): boolean {
    return this.length > 0 && this.bytes[this.length - 1] === NEWLINE;
  }

  /** Takes from `chunk` up to the line's end, or what fits; returns how much. */
  append(chunk: Uint8Array, from: number): number {
    if (from >= chunk.length) return 0;
    if (this.bytes.length === 0) this.bytes = new Uint8Array(MAX_LINE + 1);
    const newline = chunk.indexOf(NEWLINE, from);
    const count = Math.min((newline < 0 ? chunk.length : newline + 1) - from, MAX_LINE + 1 - this.length);
    this.bytes.set(chunk.subarray(from, from + count), this.length);
    this.length += count;
    return count;
  }

  /** Hands the first `count` bytes to `use`, then forgets them. */
  drop(count: number, use: (bytes: Uint8Array) => void): void {
    use(this.bytes.subarray(0, count));
    this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
  }
}

/** The last place at or before `limit` that does not split a UTF-8 character. */
function characterEdge(bytes: Uint8Array, limit: number): number {
  for (let edge = limit; edge > limit - 4; edge--) if (((bytes[edge] as number) & 0xc0) !== 0x80) return edge;
  return limit;
}
