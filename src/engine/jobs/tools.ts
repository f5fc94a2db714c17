import type { PullEvent } from '../../runtime/messages-work.ts';

/** What a job of the worker is given beside its own fields. */
export interface JobTools {
  emit: (event: PullEvent) => void;
  signal: AbortSignal;
}
