// What the engine's front and worker say to each other: the jobs of runtime/messages-work.ts, and the build, whose words are the builder's own.
// Types alone.
import type { HelperReply, WorkEvent, WorkFailure, WorkJob, WorkResults } from '../runtime/messages-work.ts';
import type { StorageDriver } from '../runtime/rootfs.ts';
import type { BuildEvent, BuildJob, BuildResult } from './build/model.ts';

export type Job = WorkJob | BuildJob;

export interface Results extends WorkResults {
  build: BuildResult;
}

/** What a build's first RUN needs of the front, outside the namespace: the way out held, the storage driver found. Asked once. */
export interface RunningRequest {
  type: 'running';
  id: number;
}

export interface RunningFacts {
  driver: StorageDriver;
}

export type WorkerEvent = WorkEvent | { type: 'build'; event: BuildEvent } | RunningRequest | { type: 'scoped' };

/** A line on the worker's standard input, behind the job. */
export type WorkerReply = HelperReply | ({ id: number } & ({ running: RunningFacts } | { failure: WorkFailure }));
