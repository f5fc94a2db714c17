// What a container changed in its file system, as `docker diff` tells it.
import type { FileChange } from '../runtime/messages-files.ts';
import { findContainer } from '../storage/container.ts';
import type { Ctx } from '../sys/context.ts';
import { runJob } from './worker-client.ts';

export interface DiffOptions {
  /** Gets what was found, some at a time, in the order of the tree. Paths are byte strings. */
  onChanges: (changes: FileChange[]) => void;
  signal?: AbortSignal | undefined;
}

/** Throws ERR_NO_SUCH_CONTAINER, ERR_AMBIGUOUS_ID, ERR_LAYER_MISSING. */
export async function diffContainer(ctx: Ctx, wanted: string, { onChanges, signal }: DiffOptions): Promise<void> {
  const { record } = findContainer(ctx, wanted);
  await runJob(ctx, { kind: 'diff', container: record.Id }, { onChanges, signal });
}
