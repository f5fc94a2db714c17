// How far work on a volume is: a bar that grows on a terminal, elsewhere a plain line every few seconds. What is done soon is not worth either.
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

export interface VolumeProgressOptions {
  write: (text: string) => void;
  isTerminal: boolean;
  /** A clock, ms. */
  now?: () => number;
}

/** `what` begins the line: "Cloning data". */
export function createVolumeProgress(
  what: string,
  { write, isTerminal, now = () => performance.now() }: VolumeProgressOptions,
): VolumeProgress {
  const started = now();
  let shownMs = started + QUIET_MS - UPDATE_MS;
  if (!isTerminal) shownMs = started;
  let isShown = false;

  return {
    update(done, total) {
      if (now() - shownMs < (isTerminal ? UPDATE_MS : LINE_MS)) return;
      shownMs = now();
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
