// A container's whole file system as a tar archive. The file is opened here and not by the worker, in whose namespace a path would be
// tried with other rights than the user's.

import { findContainer } from '../storage/container.ts';
import { recordContainerEvent } from '../storage/events.ts';
import type { Ctx } from '../sys/context.ts';
import { runJob } from './worker-client.ts';

export interface ExportOptions {
  /** The open file that takes the archive. */
  output: number;
  signal?: AbortSignal | undefined;
}

/** Throws ERR_NO_SUCH_CONTAINER, ERR_AMBIGUOUS_ID, ERR_LAYER_MISSING, and the errno of a failed write. */
export async function exportContainer(ctx: Ctx, wanted: string, { output, signal }: ExportOptions): Promise<void> {
  const { record } = findContainer(ctx, wanted);
  await runJob(ctx, { kind: 'export', container: record.Id }, { output, signal });
  recordContainerEvent(ctx, record, 'export');
}
