// One output as a step of the build's progress, in BuildKit's words.
import { messageOf } from '../../../sys/errors.ts';
import type { BuildSite } from '../model.ts';

export interface ExportSteps {
  /** Something that is done in a moment. */
  note(label: string): void;
  /** Something that takes its time; the same label again replaces what it said. */
  progress(label: string, current: number, total?: number, isDone?: boolean): void;
}

/** Runs `work` as the step `name`. */
export async function asStep<T>(
  site: BuildSite,
  { id, name }: { id: string; name: string },
  work: (steps: ExportSteps) => Promise<T>,
): Promise<T> {
  const at = (): number => site.ctx.now().getTime();
  site.tell({ type: 'step', id, name, inputs: [], isInternal: false });
  site.tell({ type: 'started', id, at: at() });
  try {
    const result = await work({
      note: (label) => site.tell({ type: 'progress', id, label, current: 0, isDone: true }),
      progress: (label, current, total, isDone) => site.tell({ type: 'progress', id, label, current, total, isDone }),
    });
    site.tell({ type: 'ended', id, at: at(), result: 'done' });
    return result;
  } catch (error) {
    const result = site.signal.aborted ? 'canceled' : 'failed';
    site.tell({ type: 'ended', id, at: at(), result, error: messageOf(error) });
    throw error;
  }
}
