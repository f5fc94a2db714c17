// Layers that an output wants otherwise than the build made them: squashed into one, or with their times set back. The base image's stay as they are.

import { OCI_LAYER } from '../../../oci/media-types.ts';
import type { Claim } from '../../../storage/claim.ts';
import { clampTimes } from '../../../storage/clamp-times.ts';
import { digestOf } from '../../../storage/digest.ts';
import { createNewLayer } from '../../../storage/new-layer.ts';
import type { ImageHistory } from '../../../storage/records.ts';
import { packSquashed } from '../../../storage/squash-layers.ts';
import { createTarWriter } from '../../../storage/tar-writer.ts';
import type { BuildSite } from '../model.ts';
import { compressionOf } from './compress-layers.ts';
import { withLayers } from './finish.ts';
import type { FinishedImage, PreparedLayer } from './prepared.ts';

type Site = Pick<BuildSite, 'ctx' | 'signal'>;
type Filler = (write: (chunk: Buffer) => void, onPause: () => Promise<void>) => Promise<boolean>;

const TURN_MS = 50;

/** All layers that the build made as one, over those of the base; the history says so, and keeps its lines. */
export async function squashed(site: Site, image: FinishedImage, hold: Claim): Promise<FinishedImage> {
  const lower = image.layers.filter(({ isBuilt }) => !isBuilt);
  const upper = image.layers.filter(({ isBuilt }) => isBuilt);
  if (upper.length === 0) return image;
  const made = await newLayer(site, hold, async (write, onPause) => {
    const tar = createTarWriter(write);
    const ids = (layers: PreparedLayer[]): string[] => layers.map(({ diffId }) => diffId);
    const count = await packSquashed(site.ctx, tar, { lower: ids(lower), upper: ids(upper), onPause });
    tar.end();
    return count > 0;
  });
  const layers = made ? [...lower, made] : lower;
  const config = withLayers(image.config, layers);
  const merged: ImageHistory = {
    created: config.created,
    comment: `merge ${digestOf(JSON.stringify(image.config))} (${upper.length} layers)`,
    ...(made ? {} : { empty_layer: true }),
  };
  return { ...image, layers, config: { ...config, history: [...emptied(config.history ?? [], lower.length), merged] } };
}

/** Files younger than `epoch` (seconds) get that time, in all layers that the build made. */
export async function setBack(site: Site, image: FinishedImage, { epoch, hold }: { epoch: number; hold: Claim }): Promise<FinishedImage> {
  const layers: PreparedLayer[] = [];
  for (const layer of image.layers) {
    const made = layer.isBuilt
      ? await newLayer(site, hold, (write, onPause) =>
          clampTimes(site.ctx, layer.digest, { epoch, write, onPause, isCompressed: compressionOf(layer.mediaType) !== 'uncompressed' }),
        )
      : undefined;
    layers.push(made ?? layer);
  }
  return { ...image, layers, config: withLayers(image.config, layers) };
}

/** The layer that `fill` writes; undefined when it says that it is not needed. */
async function newLayer({ ctx, signal }: Site, hold: Claim, fill: Filler): Promise<PreparedLayer | undefined> {
  const layer = createNewLayer(ctx, hold, { isPlain: true });
  let turnMs = performance.now();
  const onPause = async (): Promise<void> => {
    if (performance.now() - turnMs < TURN_MS) return;
    await Bun.sleep(0);
    signal.throwIfAborted();
    turnMs = performance.now();
  };
  try {
    if (!(await fill(layer.write, onPause))) return undefined;
    const { digest, diffId, size } = await layer.finish();
    return { digest, diffId, size, mediaType: OCI_LAYER, isBuilt: true };
  } finally {
    layer.abort();
  }
}

/** The lines of the history that stood for layers which are in the one now. */
function emptied(history: readonly ImageHistory[], kept: number): ImageHistory[] {
  let layers = 0;
  return history.map((entry) => {
    if (entry.empty_layer || ++layers <= kept) return entry;
    return { ...entry, empty_layer: true };
  });
}
