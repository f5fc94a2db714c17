// What a step changed as a layer, stored. With native overlay the folder that it wrote into becomes the layer; elsewhere, and where not every owner can
// be set, the changes are packed and unpacked again, as `commit` does.

import { ownIdCounts } from '../../../runtime/keep-id.ts';
import { adoptLayer } from '../../../storage/adopt-layer.ts';
import { openContainerTree } from '../../../storage/container-tree.ts';
import { packChanges } from '../../../storage/layer-tar.ts';
import { createPlainLayer } from '../../../storage/plain-layer.ts';
import type { ContainerRecord } from '../../../storage/records.ts';
import { createTarWriter } from '../../../storage/tar-writer.ts';
import { readTrueOwners } from '../../../storage/true-owners.ts';
import type { BuildSite, BuiltLayer } from '../model.ts';

/** Undefined when nothing changed. `own`: the step's own folder, which nobody uses any more. Throws ERR_NO_SPACE, the signal's reason. */
export async function commitStep({ ctx, hold, signal }: BuildSite, record: ContainerRecord, own: string): Promise<BuiltLayer | undefined> {
  const onPause = async (): Promise<void> => {
    await Bun.sleep(0);
    signal.throwIfAborted();
  };
  const onSkip = (path: string): void => {
    ctx.warn(`Left out "/${Buffer.from(path, 'latin1')}": a layer would read its name as the deletion of another file`);
  };
  if (record.Driver === 'overlay' && ownIdCounts().uids > 1) return adoptLayer(ctx, own, { layers: record.Layers, hold, onPause, onSkip });
  const tree = openContainerTree(ctx, record);
  const layer = createPlainLayer(ctx, hold);
  try {
    const tar = createTarWriter(layer.write);
    const count = await packChanges(tar, tree, { owners: readTrueOwners(ctx, tree.diffIds), onPause, onSkip });
    if (count === 0) return undefined;
    tar.end();
    return layer.finish();
  } finally {
    layer.abort();
    tree.close();
  }
}
