// The upper folder of an overlay as a layer, without a copy: one pass over it writes the tar (which is kept as it is: blob, digest and diff-id are one) and adds up
// the tree (adopt-walk.ts), then the folder itself is renamed to be the layer's. Only for who may set every owner, with native overlay, of a folder that
// nobody uses any more. If we die before the last rename there is a blob that nothing reaches, and a folder that its owner's death makes garbage.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootId } from '../sys/boot.ts';
import type { Ctx } from '../sys/context.ts';
import { walkUpper } from './adopt-walk.ts';
import { type Claim, claim } from './claim.ts';
import { commitLayer, layerRecordPath } from './layer.ts';
import { tmpDir } from './layout.ts';
import { createNewBlob } from './new-blob.ts';
import { PLAIN_LAYER } from './plain-layer.ts';
import type { ImageLayer, LayerRecord } from './records.ts';

export interface AdoptOptions {
  /** Diff-ids of the layers below, base first. */
  layers: readonly string[];
  /** Protects what is made. */
  hold: Claim;
  /** Called often: the place to wait for other work, and to throw when nobody wants the layer any more. */
  onPause: () => Promise<void>;
  /** Hears of names that no layer can hold: they are removed. */
  onSkip: (path: string) => void;
}

/** Makes a layer of the folder `upper`, which is gone then; undefined when it holds no change. */
export async function adoptLayer(
  ctx: Ctx,
  upper: string,
  { layers, hold, onPause, onSkip }: AdoptOptions,
): Promise<(ImageLayer & { sizeBytes: number }) | undefined> {
  const blob = createNewBlob(ctx);
  try {
    const { isChanged, ...found } = await walkUpper(ctx, upper, { layers, onData: blob.write, onPause, onSkip });
    if (!isChanged) return undefined;
    const { digest, size } = blob.commit((made) => hold.protect([made]));
    const record: LayerRecord = { version: 1, diffId: digest, ...found, skippedDevices: 0, bootId: bootId(ctx.env) };
    place(ctx, upper, record);
    return { digest, diffId: digest, mediaType: PLAIN_LAYER, size, sizeBytes: found.sizeBytes };
  } finally {
    blob.abort();
  }
}

function place(ctx: Ctx, upper: string, record: LayerRecord): void {
  const { path, hold } = makeFolder(ctx);
  try {
    renameSync(upper, join(path, 'fs'));
    writeFileSync(layerRecordPath(path), `${JSON.stringify(record)}\n`, { mode: 0o600 });
    commitLayer(ctx, record.diffId, path);
  } catch (error) {
    rmSync(path, { recursive: true, force: true });
    throw error;
  } finally {
    hold.release();
  }
}

function makeFolder(ctx: Ctx): { path: string; hold: Claim } {
  for (;;) {
    const name = `layer-step-${Math.random().toString(36).slice(2)}`;
    const hold = claim(ctx, name);
    if (!hold) continue;
    const path = join(tmpDir(ctx), name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return { path, hold };
  }
}
