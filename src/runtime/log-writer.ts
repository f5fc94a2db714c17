// Writes a container's output as Docker's json-file log, in rotated files: lines are cut (log-lines.ts), escaped (log-json.ts) and
// appended (log-rotation.ts). This runs in the container's supervisor, at the pace of what it prints.
import { jsonEncoder } from './log-json.ts';
import { cutLines, type LogStream } from './log-lines.ts';
import { openRotated, type RotationOptions } from './log-rotation.ts';

export type { LogStream } from './log-lines.ts';

export interface LogWriterOptions extends RotationOptions {
  /** What each entry carries: labels and variables chosen by log options. */
  attrs?: Readonly<Record<string, string>>;
}

export interface LogWriter {
  /** Takes a chunk as it came; its whole lines are in the file when this returns. `now`: milliseconds since 1970. */
  write(stream: LogStream, chunk: Uint8Array, now?: number): void;
  /** Writes what is left of unfinished lines, and closes. */
  close(now?: number): void;
}

/** Opens the log at `path` for appending. Throws the system's error when it cannot be opened. */
export function openLogWriter(path: string, { attrs = {}, ...rotation }: LogWriterOptions = {}): LogWriter {
  const file = openRotated(path, rotation);
  const lines = cutLines(jsonEncoder(file.append, Object.keys(attrs).length > 0 ? JSON.stringify(attrs) : undefined));
  return {
    write: (stream, chunk, now = Date.now()) => lines.write(stream, chunk, now),
    close(now = Date.now()) {
      lines.end(now);
      file.close();
    },
  };
}
