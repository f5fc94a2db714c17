// Deletes what nothing reaches, as root of the user's namespace (storage/sweep.ts), or says what would be deleted.
import type { SweepJob, SweepReport } from '../../runtime/messages-work.ts';
import { foresee, sweep } from '../../storage/sweep.ts';
import type { Ctx } from '../../sys/context.ts';

export async function sweepStore(ctx: Ctx, { released, thorough = false, measure = false, without }: SweepJob): Promise<SweepReport> {
  const options = { released: new Set(released), thorough };
  if (without) return foresee(ctx, { ...options, without });
  const { blobs, layers, bytes } = sweep(ctx, { ...options, measure });
  return { blobs, layers, bytes };
}
