// The part of `system check --repair` that a command runs by itself when it meets something damaged: the objects it met are looked at, taken
// away if they are bad, and fetched again for the images that need them. Nothing else is touched.
import type { HealJob, HealReport } from '../../runtime/messages-work.ts';
import { checkBlob, checkLayerRecord } from '../../storage/check-content.ts';
import type { Ctx } from '../../sys/context.ts';
import { restoreImages } from './restore-images.ts';
import type { JobTools } from './tools.ts';

export async function heal(ctx: Ctx, { suspects }: HealJob, { signal }: Pick<JobTools, 'signal'>): Promise<HealReport> {
  for (const digest of suspects) for (const finding of [...checkBlob(ctx, digest), ...checkLayerRecord(ctx, digest)]) finding.repair?.();
  const lost = new Set(suspects);
  const { lines, problems } = await restoreImages(ctx, { lost, signal, only: lost });
  return { lines, problems: [...problems.values()] };
}
