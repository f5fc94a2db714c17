// What a push says while it goes on.

export type PushStep = 'preparing' | 'waiting' | 'pushing' | 'retrying' | 'pushed' | 'exists' | 'mounted' | 'foreign';

export type PushEvent =
  /** Said once, before anything of it; canonical. */
  | { type: 'refers'; repository: string }
  /** `from` is the familiar name of the repository that it was mounted from. */
  | { type: 'layer'; layer: string; step: PushStep; current?: number; total?: number; from?: string }
  | { type: 'pushed'; tag: string; digest: string; size: number };
