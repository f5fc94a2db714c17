// What the solver built, with the times that SOURCE_DATE_EPOCH sets: like BuildKit's, `created` becomes the epoch, and so do the times of the history that
// are later. Readers go by the order of the layers, which the config names once more.
import { readLayer } from '../../../storage/layer.ts';
import type { ImageConfig, ImageHistory } from '../../../storage/records.ts';
import type { Ctx } from '../../../sys/context.ts';
import type { BuiltImage } from '../model.ts';
import type { FinishedImage, PreparedLayer } from './prepared.ts';

const MS = 1000;

export function finishImage(image: BuiltImage, epochSeconds: number | undefined): FinishedImage {
  const layers = image.layers.map(({ digest, diffId, mediaType, size }, index) => ({
    digest,
    diffId,
    mediaType,
    size,
    isBuilt: image.keys[index] !== undefined,
  }));
  const epoch = epochSeconds === undefined ? undefined : rfc3339(epochSeconds);
  const history = image.config.history?.map((entry) => clamped(entry, epochSeconds));
  // An image without any layer has no time: one of its making would make it another image each time.
  const created = epoch ?? image.config.created;
  const config = { ...image.config, ...(created === undefined ? {} : { created }), ...(history ? { history } : {}) };
  return { platform: image.platform, config: withLayers(config, layers), layers };
}

/** The config with these layers. */
export const withLayers = (config: ImageConfig, layers: readonly PreparedLayer[]): ImageConfig => ({
  ...config,
  rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
});

/** Unpacked, bytes. */
export const sizeOf = (ctx: Pick<Ctx, 'paths'>, layers: readonly PreparedLayer[]): number =>
  layers.reduce((sum, { diffId }) => sum + (readLayer(ctx, diffId)?.sizeBytes ?? 0), 0);

function clamped(entry: ImageHistory, epochSeconds: number | undefined): ImageHistory {
  if (epochSeconds === undefined) return entry;
  const isEarlier = entry.created !== undefined && Date.parse(entry.created) <= epochSeconds * MS;
  return isEarlier ? entry : { ...entry, created: rfc3339(epochSeconds) };
}

/** Seconds since 1970 as Go writes them: without a fraction. */
export const rfc3339 = (seconds: number): string => new Date(seconds * MS).toISOString().replace('.000Z', 'Z');
