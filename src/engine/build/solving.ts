// One build for one platform under way: what its stages and steps share. What several platforms have in common (bases, and stages that are built
// for the machine itself) is in `shared`, so that it is done once.
import type { Platform } from '../../storage/records.ts';
import type { BaseImage } from './base-image.ts';
import type { BuildJob, BuildSite } from './model.ts';
import type { StageGraph, StageNode } from './stage-graph.ts';
import type { StageState } from './stage-state.ts';
import type { StepResult } from './steps.ts';

export interface SharedWork {
  bases: Map<string, Promise<BaseImage>>;
  steps: Map<string, Promise<StepResult>>;
  /** Everything that was begun, to be waited for before the build ends. */
  begun: Promise<unknown>[];
}

export interface Solving {
  site: BuildSite;
  job: BuildJob;
  graph: StageGraph;
  /** What is built for. */
  target: Platform;
  /** --platform was given. */
  isPlatformGiven: boolean;
  /** Several platforms: progress names them. */
  isMulti: boolean;
  /** RFC 3339 of SOURCE_DATE_EPOCH. */
  epoch: string | undefined;
  stages: Map<StageNode, Promise<StageState>>;
  shared: SharedWork;
}

/** Keeps a promise that may fail before anybody waits for it. */
export function begin<T>({ shared }: Pick<Solving, 'shared'>, work: Promise<T>): Promise<T> {
  shared.begun.push(work);
  work.catch(() => undefined);
  return work;
}
