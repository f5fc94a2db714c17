// Long work on a volume: Ctrl-C ends it in order, and a bar on standard error says how far it is.
import { createVolumeProgress } from '../render/volume-progress.ts';
import type { Io } from './command.ts';
import { interruptible } from './interruptible.ts';

export interface VolumeWork {
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}

/** `what` begins the line: "Cloning data". */
export async function volumeWork<T>(io: Io, what: string, work: (tools: VolumeWork) => Promise<T>): Promise<T> {
  const progress = createVolumeProgress(what, { write: (text) => io.err(text), isTerminal: io.stderrIsTerminal });
  try {
    return await interruptible((signal) => work({ signal, onProgress: progress.update }));
  } finally {
    progress.end();
  }
}
