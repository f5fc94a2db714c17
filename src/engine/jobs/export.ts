// A container's whole file system as a tar archive on descriptor 3, which the front opened: its user's rights are what counts there.
import type { ExportJob } from '../../runtime/messages-files.ts';
import { assertStillThere, openContainerTree } from '../../storage/container-tree.ts';
import { createTarWriter } from '../../storage/tar-writer.ts';
import { packWhole } from '../../storage/tree-export.ts';
import { readTrueOwners } from '../../storage/true-owners.ts';
import type { Ctx } from '../../sys/context.ts';
import { dieWithParent } from '../../sys/process.ts';
import { SIGKILL } from '../../sys/signals.ts';
import { writeFully } from '../../sys/write-fully.ts';
import { requireRecord } from './container-record.ts';
import type { FileTools } from './tools.ts';

const OUTPUT = 3;

export async function exportTree(ctx: Ctx, job: ExportJob, { signal }: Pick<FileTools, 'signal'>): Promise<null> {
  // A reader that takes nothing holds us in the middle of a write, where we would not hear that the front has died.
  dieWithParent(SIGKILL);
  const record = requireRecord(ctx, job.container);
  const tree = openContainerTree(ctx, record);
  try {
    const tar = createTarWriter((chunk) => writeFully(OUTPUT, chunk));
    const onPause = async (): Promise<void> => {
      await Bun.sleep(0);
      signal.throwIfAborted();
    };
    await packWhole(tar, tree, { owners: readTrueOwners(ctx, tree.diffIds), onPause });
    assertStillThere(ctx, record);
    tar.end();
  } finally {
    tree.close();
  }
  return null;
}
