// Docker's restart policies: the pause doubles from 100 ms to a minute, and starts over once a run lasted ten seconds.
import type { RestartPolicy } from '../../storage/records.ts';

export interface Ending {
  code: number;
  /** Of the run that ended. */
  ranMs: number;
  /** Restarts so far. */
  restarts: number;
  manuallyStopped: boolean;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 60_000;
const LONG_RUN_MS = 10_000;

/** Whether a container that ended so is started again. */
export function shouldRestart(policy: RestartPolicy, ending: Ending): boolean {
  if (ending.manuallyStopped) return false;
  switch (policy.Name) {
    case 'no':
      return false;
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      return ending.code !== 0 && (policy.MaximumRetryCount === 0 || ending.restarts < policy.MaximumRetryCount);
    default:
      return policy.Name satisfies never;
  }
}

/** The pause before the next start, ms; `previousMs` is the one before the run that ended, 0 at first. */
export function nextPause(previousMs: number, ranMs: number): number {
  if (previousMs === 0 || ranMs >= LONG_RUN_MS) return FIRST_PAUSE_MS;
  return Math.min(previousMs * 2, LONGEST_PAUSE_MS);
}
