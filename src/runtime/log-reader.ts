// Reads a container's json-file log, rotated files first, and follows it: the descriptor is kept across a rename, drained, and only then
// is the next file opened, so nothing is lost or read twice. Traps: the last line may be half written (it is kept until its newline
// comes); whether the writer lives must be asked *before* the final read, or what it wrote in between is lost.
import { closeSync } from 'node:fs';
import { closeAll, contentOf, type LogFile, openLogFiles, openSuccessor } from './log-files.ts';
import { findTail } from './log-tail.ts';
import type { LogStream } from './log-writer.ts';

export interface LogEntry {
  /** With its newline, unless the line was cut or the container ended within it. */
  log: string;
  stream: LogStream;
  /** RFC 3339 with up to nine decimals. */
  time: string;
  /** Docker's extra details: labels and variables chosen by log options. */
  attrs?: Record<string, string>;
}

export interface ReadLogOptions {
  /** Only the last so many entries; undefined for all. */
  tail?: number;
  /** Entries before this are left out; nanoseconds since 1970. */
  sinceNs?: bigint;
  /** Entries after this are left out, and following ends. */
  untilNs?: bigint;
  /** Whether more may come. Following goes on while it says so. Absent: read what there is. */
  isAlive?: () => boolean;
  signal?: AbortSignal;
}

const CHUNK = 256 * 1024;
const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** Hands the entries to `visit` in batches, in the order written. Resolves at the end of the log, or of the writer. */
export async function readLog(path: string, options: ReadLogOptions, visit: (entries: LogEntry[]) => void): Promise<void> {
  const { isAlive, untilNs, signal } = options;
  const files = openLogFiles(path);
  const start = options.tail === undefined ? { index: 0, offset: 0 } : findTail(files, options.tail);
  const queue = files.slice(start.index);
  closeAll(files.slice(0, start.index));
  const filter = entryFilter(options);
  let cursor: Cursor | undefined;
  let pauseMs = SHORTEST_PAUSE_MS;
  let ended = false;

  /** Reads `cursor` to its end. Returns whether there was anything. */
  const drain = (): boolean => {
    let any = false;
    for (;;) {
      const entries = cursor && !ended ? cursor.read() : undefined;
      if (!entries) return any;
      any = true;
      const { kept, past } = filter(entries);
      if (kept.length > 0) visit(kept);
      ended = past;
    }
  };

  const open = (file: LogFile | undefined, offset = 0): void => {
    if (file) cursor = openCursor(file, offset);
  };

  try {
    for (let offset = start.offset; queue.length > 0; offset = 0) {
      cursor?.close();
      open(queue.shift(), offset);
      drain();
    }
    while (isAlive && !ended && !signal?.aborted) {
      const alive = isAlive();
      let any = drain();
      for (;;) {
        const next = openSuccessor(path, cursor?.file);
        if (!next) break;
        drain();
        cursor?.close();
        open(next);
        any = drain() || any;
      }
      if (!alive || (untilNs !== undefined && BigInt(Date.now()) * 1_000_000n > untilNs)) break;
      pauseMs = any ? SHORTEST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      if (!any) await Bun.sleep(pauseMs);
    }
  } finally {
    closeAll(queue);
    cursor?.close();
  }
}

interface Cursor {
  file: LogFile;
  /** The entries of the next chunk; undefined at the end of the file. */
  read(): LogEntry[] | undefined;
  close(): void;
}

function openCursor(file: LogFile, start: number): Cursor {
  const content = contentOf(file);
  let buffer = Buffer.allocUnsafe(CHUNK);
  let offset = start;
  /** Bytes of an unfinished line at the beginning of `buffer`. */
  let held = 0;
  return {
    file,
    read() {
      if (held === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)]);
      const count = content.read(buffer, held, buffer.length - held, offset);
      if (count === 0) return undefined;
      offset += count;
      const filled = held + count;
      const end = buffer.lastIndexOf(0x0a, filled - 1) + 1;
      const entries = end === 0 ? [] : parseEntries(buffer.toString('utf8', 0, end));
      buffer.copyWithin(0, end, filled);
      held = filled - end;
      return entries;
    },
    close: () => closeSync(file.fd),
  };
}

/** Lines that are no entries (torn by a crash) are passed over. */
function parseEntries(text: string): LogEntry[] {
  const entries: LogEntry[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    if (end > at) {
      try {
        entries.push(JSON.parse(text.slice(at, end)));
      } catch {}
    }
    at = end + 1;
  }
  return entries;
}

function entryFilter({ sinceNs, untilNs }: ReadLogOptions): (entries: LogEntry[]) => { kept: LogEntry[]; past: boolean } {
  if (sinceNs === undefined && untilNs === undefined) return (kept) => ({ kept, past: false });
  return (entries) => {
    const kept: LogEntry[] = [];
    for (const entry of entries) {
      const at = nanoseconds(entry.time);
      if (untilNs !== undefined && at > untilNs) return { kept, past: true };
      if (sinceNs === undefined || at >= sinceNs) kept.push(entry);
    }
    return { kept, past: false };
  };
}

/** An RFC 3339 time in UTC as nanoseconds since 1970. */
export function nanoseconds(time: string): bigint {
  const [, whole = time, decimals = ''] = /^([^.]*)\.(\d+)/.exec(time) ?? [];
  const seconds = Date.parse(whole.endsWith('Z') ? whole : `${whole}Z`) / 1000;
  return Number.isNaN(seconds) ? 0n : BigInt(Math.trunc(seconds)) * 1_000_000_000n + BigInt(decimals.slice(0, 9).padEnd(9, '0') || 0);
}
