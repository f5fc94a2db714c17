// What a build says of itself, as this layer may know it (`BuildEvent` of engine/build/model.ts); and what a renderer is.

export type BuildNews =
  | { type: 'step'; id: string; name: string; inputs: string[]; isInternal?: boolean | undefined }
  | { type: 'started'; id: string; at: number }
  | { type: 'ended'; id: string; at: number; result: StepResult; error?: string | undefined }
  | { type: 'log'; id: string; stream: 1 | 2; data: string; at: number }
  | { type: 'progress'; id: string; label: string; current: number; total?: number | undefined; isDone?: boolean | undefined }
  | BuildWarning
  | { type: 'explain'; id: string; hit: boolean; reason: string }
  /** What the engine has to say otherwise; nothing of it is shown. */
  | { type: 'kept' };

export type StepResult = 'done' | 'cached' | 'failed' | 'canceled';

export interface BuildWarning {
  type: 'warning';
  id?: string | undefined;
  rule?: string | undefined;
  message: string;
  line?: number | undefined;
  url?: string | undefined;
}

/** Takes a build's events in order; returns the text that each one adds. */
export interface BuildRenderer {
  take(event: BuildNews): string;
  /** What comes at the end, before the error of a build that failed. */
  finish(): string;
}
