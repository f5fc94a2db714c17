// Deletes what nothing reaches, as root of the user's namespace (storage/sweep.ts).
import type { SweepJob, SweepReport } from '../../runtime/messages-work.ts';
import { sweep } from '../../storage/sweep.ts';
import type { Ctx } from '../../sys/context.ts';

export async function sweepStore(ctx: Ctx, { released }: SweepJob): Promise<SweepReport> {
  const { blobs, layers } = sweep(ctx, { released: new Set(released) });
  return { blobs, layers };
}
