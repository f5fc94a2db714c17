// Deletes what nothing reaches, as root of the user's namespace (storage/sweep.ts), or says what would be deleted.
import type { SweepJob, SweepReport } from '../../runtime/messages-work.ts';
import { deleteTree, foresee, sweep } from '../../storage/sweep.ts';
import { detachRemovals } from '../../storage/trash.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { readVolumeSettings } from '../volume-settings.ts';

export async function sweepStore(ctx: Ctx, { released, thorough = false, measure = false, without }: SweepJob): Promise<SweepReport> {
  const options = { released: new Set(released), thorough };
  if (without) return foresee(ctx, { ...options, without });
  expireTrash(ctx);
  const { blobs, layers, bytes } = sweep(ctx, { ...options, measure });
  return { blobs, layers, bytes };
}

/** What has been in the trash for long enough goes. While the settings cannot be read, nobody knows how long that is. */
function expireTrash(ctx: Ctx): void {
  try {
    const { keepRemovedMs } = readVolumeSettings(ctx);
    for (const folder of detachRemovals(ctx, new Date(ctx.now().getTime() - keepRemovedMs))) deleteTree(folder);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    ctx.warn(error.message);
  }
}
