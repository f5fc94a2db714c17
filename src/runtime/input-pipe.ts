// The write end of the pipe that is a program's standard input. A program may close it at any moment: what comes then is lost, as at any
// closed pipe, and is no error. Traps: the runtime's sink does not own its descriptor, and of a large chunk `write` itself answers
// with a promise, whose failure would end the whole process were it left alone.
import { closeSync } from 'node:fs';

export interface InputPipe {
  /** Resolves once the pipe has taken the chunk, or will take no more. */
  write(chunk: Uint8Array): Promise<void>;
  /** The program sees the end of its input. May be called again. */
  end(): void;
}

/** Writes to the pipe end `fd`, which is closed with it. */
export function openInputPipe(fd: number): InputPipe {
  let sink: Bun.FileSink | undefined = Bun.file(fd).writer();
  const end = (): void => {
    const ending = sink;
    sink = undefined;
    if (!ending) return;
    void (async () => ending.end())()
      .catch(() => undefined)
      .finally(() => closeSync(fd));
  };
  return {
    write: async (chunk) => {
      try {
        await sink?.write(chunk);
        await sink?.flush();
      } catch {
        end();
      }
    },
    end,
  };
}
