// What the worker hands its jobs: how they tell the front what goes on, and hear that they are to give up.
import type { FileChange } from '../../runtime/messages-files.ts';
import type { PullEvent } from '../../runtime/messages-work.ts';
import type { BuildEvent } from '../build/model.ts';
import type { RunningFacts } from '../work-messages.ts';

/** What a job of the worker is given beside its own fields. */
export interface JobTools {
  emit: (event: PullEvent) => void;
  signal: AbortSignal;
}

/** What a job that reads a container's files is given. */
export interface FileTools {
  tellChanges: (changes: FileChange[]) => void;
  /** Nothing more will be read: whoever waits for that may go on. */
  tellRead: () => void;
  /** Bytes, so far and in all. */
  tellProgress: (done: number, total: number) => void;
  signal: AbortSignal;
}

/** What a build is given. */
export interface BuildTools {
  tellBuild: (event: BuildEvent) => void;
  /** What its RUN steps need of the front; asked for once, by the first of them. */
  askRunning: () => Promise<RunningFacts>;
}
