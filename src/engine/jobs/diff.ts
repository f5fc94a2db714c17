// What a container changed, told in batches while it is found: a large container changes more than one message should hold.
import type { DiffJob, FileChange } from '../../runtime/messages-files.ts';
import { assertStillThere, openContainerTree } from '../../storage/container-tree.ts';
import { treeChanges } from '../../storage/tree-changes.ts';
import type { Ctx } from '../../sys/context.ts';
import { requireRecord } from './container-record.ts';
import type { FileTools } from './tools.ts';

const BATCH = 1000;
const KINDS = { added: 'A', changed: 'C', deleted: 'D', same: 'C' } as const;

export async function diff(ctx: Ctx, job: DiffJob, { tellChanges, signal }: Pick<FileTools, 'tellChanges' | 'signal'>): Promise<null> {
  const record = requireRecord(ctx, job.container);
  const tree = openContainerTree(ctx, record);
  try {
    let batch: FileChange[] = [];
    for (const { kind, path } of treeChanges(tree, { forLayer: false })) {
      batch.push([KINDS[kind], `/${path}`]);
      if (batch.length < BATCH) continue;
      tellChanges(batch);
      batch = [];
      await Bun.sleep(0);
      signal.throwIfAborted();
    }
    assertStillThere(ctx, record);
    tellChanges(batch);
  } finally {
    tree.close();
  }
  return null;
}
