// Waiting until nobody has a FIFO open for writing any more, at no cost meanwhile. Trap: who opens it when there is no writer left is never told of
// an end (the kernel reports a hangup only after a writer came); a read tells it at once.
import { closeSync, constants, openSync, readSync } from 'node:fs';

export interface FifoEnd {
  reached: Promise<void>;
  /** Gives up waiting. */
  cancel(): void;
}

/** The end of the FIFO at `path`: reached at once where nobody writes to it. What is written meanwhile is thrown away. Throws ENOENT. */
export function untilFifoEnds(path: string): FifoEnd {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (hasEnded(fd)) {
    closeSync(fd);
    return { reached: Promise.resolve(), cancel: () => undefined };
  }
  const reader = Bun.file(fd).stream().getReader();
  const reached = (async () => {
    try {
      while (!(await reader.read()).done);
    } finally {
      closeSync(fd);
    }
  })();
  return { reached: reached.catch(() => undefined), cancel: () => void reader.cancel() };
}

function hasEnded(fd: number): boolean {
  try {
    return readSync(fd, new Uint8Array(1)) === 0;
  } catch {
    // EAGAIN: there is a writer.
    return false;
  }
}
