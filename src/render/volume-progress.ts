// How far the copy of a volume is: a bar that grows on a terminal, and nowhere else anything: what is done soon is not worth a line.
import { humanSize } from './human.ts';

export interface VolumeProgress {
  /** Bytes. */
  update(done: number, total: number): void;
  /** Takes the bar away. */
  end(): void;
}

const UPDATE_MS = 75;
const QUIET_MS = 300;
const WIDTH = 30;
const LINE_MS = 5000;
const ERASE = '\r\u001b[2K';

/** `what` begins the line: "Cloning data". Off a terminal a plain line comes every few seconds. */
export function createVolumeProgress(
  what: string,
  { write, isTerminal }: { write: (text: string) => void; isTerminal: boolean },
): VolumeProgress {
  const started = performance.now();
  let shownMs = started + QUIET_MS - UPDATE_MS;
  if (!isTerminal) shownMs = started;
  let isShown = false;

  return {
    update(done, total) {
      if (performance.now() - shownMs < (isTerminal ? UPDATE_MS : LINE_MS)) return;
      shownMs = performance.now();
      const amounts = `${humanSize(done)} of ${humanSize(total)}`;
      write(isTerminal ? `${ERASE}${what} ${bar(done, total)} ${amounts}` : `${what}: ${amounts}\n`);
      isShown = isTerminal;
    },
    end() {
      if (isShown) write(ERASE);
      isShown = false;
    },
  };
}

function bar(done: number, total: number): string {
  const filled = total > 0 ? Math.min(WIDTH, Math.floor((done / total) * WIDTH)) : WIDTH;
  return `[${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}]`;
}
