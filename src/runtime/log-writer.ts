// Writes a container's output as Docker's json-file log: `{"log":"…\n","stream":"stdout","time":"…"}` per line, rotated by rename to
// `.1`, `.2`. All lines of a chunk are escaped at once by native code: a container may log 100 MB/s, and this runs in its supervisor.
// Traps: a line above 16 KiB is cut into entries without newline, at a character's edge; what is not UTF-8 becomes U+FFFD; a full disk
// loses lines, never the container.
import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';

export type LogStream = 'stdout' | 'stderr';

export interface LogWriterOptions {
  /** A file that has reached this size is rotated before the next entry. Default 10 MB. */
  maxSizeBytes?: number;
  /** Files kept, the current one among them. Default 3. */
  maxFiles?: number;
  /** Told once when the log can no longer be written. */
  onError?: (error: unknown) => void;
}

export interface LogWriter {
  /** Takes a chunk as it came; its whole lines are in the file when this returns. `now`: milliseconds since 1970. */
  write(stream: LogStream, chunk: Uint8Array, now?: number): void;
  /** Writes what is left of unfinished lines, and closes. */
  close(now?: number): void;
}

/** Longest `log` text of one entry, bytes. */
const MAX_LINE = 16 * 1024;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
/** The one ASCII control character that JSON leaves alone. */
const DELETE = 0x7f;

/** Opens the log at `path` for appending. Throws the system's error when it cannot be opened. */
export function openLogWriter(path: string, options: LogWriterOptions = {}): LogWriter {
  const file = openRotated(path, options);
  const lines = { stdout: new Line(), stderr: new Line() };
  let stampedAt = Number.NaN;
  let time = '';

  const emit = (stream: LogStream, bytes: Uint8Array, now: number): void => {
    if (now !== stampedAt) time = new Date(now).toISOString().replace(/\.?0*Z$/, 'Z');
    stampedAt = now;
    file.append(Buffer.from(entries(bytes, `","stream":"${stream}","time":"${time}"}\n`)));
  };

  return {
    write(stream, chunk, now = Date.now()) {
      const line = lines[stream];
      let at = 0;
      while (at < chunk.length) {
        const whole = line.length === 0 ? wholeLines(chunk, at) : at;
        if (whole > at) emit(stream, chunk.subarray(at, whole), now);
        at = whole + line.append(chunk, whole);
        if (line.ended) line.drop(line.length, (bytes) => emit(stream, bytes, now));
        else if (line.full) line.drop(characterEdge(line.bytes, MAX_LINE), (bytes) => emit(stream, bytes, now));
      }
    },
    close(now = Date.now()) {
      for (const stream of ['stdout', 'stderr'] as const) {
        const line = lines[stream];
        if (line.length > 0) line.drop(line.length, (bytes) => emit(stream, bytes, now));
      }
      file.close();
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

/** The entries for `bytes`: whole lines, or one piece of a line. All lines are escaped at once, then parted where their newlines were. */
function entries(bytes: Uint8Array, suffix: string): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const parted = `\\n${suffix}{"log":"`;
  const open = bytes[bytes.length - 1] !== NEWLINE;
  if (!bytes.includes(BACKSLASH)) return frame(JSON.stringify(text).replaceAll('\\n', parted), { open, suffix });
  // An escaped newline could not be told from a backslash before an n, so another character stands for newlines meanwhile.
  if (!bytes.includes(DELETE)) return frame(JSON.stringify(text.replaceAll('\n', '\x7f')).replaceAll('\x7f', parted), { open, suffix });
  const lines = text.split(/(?<=\n)/);
  return lines.map((line) => `{"log":"${JSON.stringify(line).slice(1, -1)}${suffix}`).join('');
}

/** `escaped` is a quoted string; after a final newline it ends with the beginning of an entry that is not there. */
function frame(escaped: string, { open, suffix }: { open: boolean; suffix: string }): string {
  return open ? `{"log":${escaped.slice(0, -1)}${suffix}` : `{"log":${escaped.slice(0, -'{"log":""'.length)}`;
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

/** The current file and its rotation. */
function openRotated(path: string, { maxSizeBytes = 10_000_000, maxFiles = 3, onError }: LogWriterOptions) {
  let failed = false;
  let { fd, size } = openForAppend(path);

  const guarded = (work: () => void): void => {
    try {
      work();
      failed = false;
    } catch (error) {
      if (!failed) onError?.(error);
      failed = true;
    }
  };

  const writeOut = (bytes: Uint8Array): void => {
    // What failed before may have left half an entry: end it, so that it spoils no other.
    if (failed) writeSync(fd, '\n');
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    size += bytes.length;
  };

  const rotate = (): void => {
    // Should it fail, the current file goes on growing, and rotating is tried again after as much once more.
    size = 0;
    moveAside(path, maxFiles);
    const next = openForAppend(path);
    closeSync(fd);
    ({ fd, size } = next);
  };

  return {
    /** Appends entries, each ended by a newline, and rotates between any two of them. */
    append(bytes: Uint8Array): void {
      for (let at = 0; at < bytes.length; ) {
        if (size >= maxSizeBytes) guarded(rotate);
        const end = bytes.length - at <= maxSizeBytes - size ? bytes.length : bytes.indexOf(NEWLINE, at + maxSizeBytes - size - 1) + 1;
        const part = bytes.subarray(at, end || bytes.length);
        guarded(() => writeOut(part));
        at += part.length;
      }
    },
    close: () => closeSync(fd),
  };
}

/** A line torn by a crash is ended first, so that it cannot spoil the next. */
function openForAppend(path: string): { fd: number; size: number } {
  const fd = openSync(path, 'a+', 0o600);
  const { size } = fstatSync(fd);
  const last = new Uint8Array([NEWLINE]);
  if (size > 0) readSync(fd, last, 0, 1, size - 1);
  if (last[0] === NEWLINE) return { fd, size };
  writeSync(fd, '\n');
  return { fd, size: size + 1 };
}

/** `log` → `log.1` → `log.2`. If we die in between, a number is missing: readers look at which files there are. */
function moveAside(path: string, maxFiles: number): void {
  if (maxFiles < 2) {
    rmSync(path, { force: true });
    return;
  }
  for (let number = maxFiles - 1; number > 0; number--) {
    try {
      renameSync(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`);
    } catch (error) {
      if (number === 1) throw error;
    }
  }
}
