// How an image came to be, as its config tells: a line for each step, the newest first. Steps that made a layer have its unpacked size.
import { readImageConfig } from '../storage/image.ts';
import { readLayer } from '../storage/layer.ts';
import type { Ctx } from '../sys/context.ts';
import { requireImage } from './local-image.ts';

export interface HistoryStep {
  /** The image's id for the newest step; undefined for the others, which are no image here. */
  id: string | undefined;
  /** RFC 3339; '' when it is not told. */
  created: string;
  createdBy: string;
  sizeBytes: number;
  comment: string;
}

/** Throws ERR_NO_SUCH_IMAGE, ERR_NO_PLATFORM, ERR_BLOB_MISSING, ERR_BLOB_DAMAGED. */
export function imageHistory(ctx: Pick<Ctx, 'paths'>, name: string, { platform }: { platform?: string | undefined } = {}): HistoryStep[] {
  const { image } = requireImage(ctx, name, { platform });
  const sizes = image.layers.map(({ diffId }) => readLayer(ctx, diffId)?.sizeBytes ?? 0);
  const steps = (readImageConfig(ctx, image.id).history ?? []).map((step) => ({
    id: undefined as string | undefined,
    created: step.created ?? '',
    createdBy: step.created_by ?? '',
    sizeBytes: step.empty_layer ? 0 : (sizes.shift() ?? 0),
    comment: step.comment ?? '',
  }));
  const newest = steps.at(-1);
  if (newest) newest.id = image.id;
  return steps.reverse();
}
