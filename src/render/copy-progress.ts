// What `cp` says while it copies, in Docker's words: one line that grows on a terminal, one line at the end. The size is that of the archive
// the files travel in, as Docker counts.
import { humanSize } from './human.ts';

export interface CopyProgressOptions {
  write: (text: string) => void;
  isTerminal: boolean;
  /** Says nothing at all. */
  isQuiet: boolean;
  /** Out of the container. */
  isOut: boolean;
}

export interface CopyProgress {
  update(bytes: number): void;
  /** Takes the growing line away and, for what was copied, says so. */
  end(copied?: { bytes: number; target: string }): void;
}

const UPDATE_MS = 75;
const ERASE = '\r\u001b[2K';

export function createCopyProgress({ write, isTerminal, isQuiet, isOut }: CopyProgressOptions): CopyProgress {
  let shownMs = performance.now();
  let isShown = false;

  return {
    update(bytes) {
      if (isQuiet || !isTerminal || performance.now() - shownMs < UPDATE_MS) return;
      write(`${ERASE}Copying ${isOut ? 'from' : 'to'} container - ${humanSize(bytes)}`);
      shownMs = performance.now();
      isShown = true;
    },
    end(copied) {
      if (isShown) write(ERASE);
      isShown = false;
      if (copied && !isQuiet) write(`Successfully copied ${humanSize(copied.bytes)} to ${copied.target}\n`);
    },
  };
}
