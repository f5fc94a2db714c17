// Long work that Ctrl-C ends in order: it is told by a signal and cleans up before the command exits.
import { EngineError } from '../sys/errors.ts';

/** Runs `work` with a signal that Ctrl-C, TERM and HUP abort; a second one ends us at once. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const giveUp = (): void => controller.abort(new EngineError('ERR_INTERRUPTED', 'Interrupted', { exitCode: 130 }));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, giveUp);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, giveUp);
  }
}
