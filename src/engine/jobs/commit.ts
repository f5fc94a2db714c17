// A container's changes as a new image. In this order: the layer (blob and folder in one pass), the config, the manifest, all protected by a
// claim and reachable by nobody; then, after one syncfs, the image record, and last the reference. If we die before the record, what was made is
// garbage that the next sweep takes; after it the image is whole.
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, ociLayerType } from '../../oci/media-types.ts';
import type { CommitJob, CommitResult } from '../../runtime/messages-files.ts';
import { putBlob } from '../../storage/blob.ts';
import { type Claim, claim } from '../../storage/claim.ts';
import { assertStillThere, openContainerTree } from '../../storage/container-tree.ts';
import { digestOf } from '../../storage/digest.ts';
import { putImage, readImageConfig, tagImage } from '../../storage/image.ts';
import { readImageRecord } from '../../storage/image-record.ts';
import { packChanges } from '../../storage/layer-tar.ts';
import { createNewLayer, type MadeLayer } from '../../storage/new-layer.ts';
import type { ContainerRecord, Descriptor, ImageRecord } from '../../storage/records.ts';
import { sweep } from '../../storage/sweep.ts';
import { createTarWriter } from '../../storage/tar-writer.ts';
import { readTrueOwners } from '../../storage/true-owners.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, isDiskFull, messageOf } from '../../sys/errors.ts';
import { committedConfig } from './commit-config.ts';
import { requireRecord } from './container-record.ts';
import type { FileTools } from './tools.ts';

/** Throws ERR_NO_SUCH_CONTAINER, ERR_NO_SUCH_IMAGE, ERR_NO_SPACE; nothing is reachable then that was not before. */
export async function commit(
  ctx: Ctx,
  job: CommitJob,
  { signal, tellRead }: Pick<FileTools, 'signal' | 'tellRead'>,
): Promise<CommitResult> {
  const record = requireRecord(ctx, job.container);
  const made = new Set<string>();
  const hold = protecting(claimCommit(ctx), made);
  let isDone = false;
  try {
    const base = protectBase(ctx, record, hold);
    const layer = await makeLayer(ctx, record, { hold, signal, tellRead });
    const image = storeImage(ctx, { job, record, base, layer, hold });
    putImage(ctx, image);
    isDone = true;
    if (job.reference !== undefined) tagImage(ctx, job.reference, image.id);
    return { id: image.id };
  } catch (error) {
    throw explained(error, record);
  } finally {
    hold.release();
    if (!isDone) tidy(ctx, made);
  }
}

/** The layer of what the container changed; undefined when that is nothing. */
async function makeLayer(
  ctx: Ctx,
  record: ContainerRecord,
  { hold, signal, tellRead }: { hold: Claim; signal: AbortSignal; tellRead: () => void },
): Promise<MadeLayer | undefined> {
  const tree = openContainerTree(ctx, record);
  const layer = createNewLayer(ctx, hold);
  try {
    const tar = createTarWriter(layer.write);
    const onPause = async (): Promise<void> => {
      await layer.room();
      await Bun.sleep(0);
      signal.throwIfAborted();
    };
    const onSkip = (path: string): void => {
      ctx.warn(`Left out "/${Buffer.from(path, 'latin1')}": a layer would read its name as the deletion of another file`);
    };
    const count = await packChanges(tar, tree, { owners: readTrueOwners(ctx, tree.diffIds), onPause, onSkip });
    assertStillThere(ctx, record);
    // Compressing takes longer than reading: the container need not wait for it.
    tellRead();
    if (count === 0) return undefined;
    tar.end();
    return await layer.finish();
  } finally {
    layer.abort();
    tree.close();
  }
}

interface NewImage {
  job: CommitJob;
  record: ContainerRecord;
  base: ImageRecord;
  layer: MadeLayer | undefined;
  hold: Claim;
}

/** Writes config and manifest and returns the record that would make them reachable. */
function storeImage(ctx: Ctx, { job, record, base, layer, hold }: NewImage): ImageRecord {
  const mediaType = `${OCI_LAYER}+gzip`;
  const layers = [
    ...base.layers.map((known) => ({ ...known, mediaType: ociLayerType(known.mediaType) })),
    ...(layer ? [{ digest: layer.digest, diffId: layer.diffId, mediaType, size: layer.size }] : []),
  ];
  const config = committedConfig(readImageConfig(ctx, base.id), { job, record, diffId: layer?.diffId, created: ctx.now().toISOString() });
  const configBytes = Buffer.from(JSON.stringify(config));
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: digestOf(configBytes), size: configBytes.length },
    layers: layers.map(({ mediaType: type, digest, size }) => ({ mediaType: type, digest, size })),
  };
  const manifestBytes = Buffer.from(JSON.stringify(manifest));
  const target: Descriptor = { mediaType: OCI_MANIFEST, digest: digestOf(manifestBytes), size: manifestBytes.length };
  hold.protect([manifest.config.digest, target.digest]);
  putBlob(ctx, configBytes);
  putBlob(ctx, manifestBytes);
  return {
    version: 1,
    id: manifest.config.digest,
    manifest: target,
    target,
    platform: base.platform,
    layers,
    sizeBytes: base.sizeBytes + (layer?.sizeBytes ?? 0),
    repoDigests: [],
    created: config.created ?? '',
    storedAt: ctx.now().toISOString(),
  };
}

/** The image that the container was made of. What it needs stays from here on, were its last name removed meanwhile: the new image needs it. */
function protectBase(ctx: Ctx, record: ContainerRecord, hold: Claim): ImageRecord {
  hold.protect([record.Image, ...record.Layers, ...requireBase(ctx, record).layers.map(({ digest }) => digest)]);
  // Read before that, it might have been swept in between.
  return requireBase(ctx, record);
}

function requireBase(ctx: Ctx, { Image, Layers, Config }: ContainerRecord): ImageRecord {
  const base = readImageRecord(ctx, Image);
  if (base && base.layers.map(({ diffId }) => diffId).join() === Layers.join()) return base;
  throw new EngineError('ERR_NO_SUCH_IMAGE', `No such image: ${Config.Image}, which the container was made from`, {
    hint: `It was removed: pull it again (skiff pull ${Config.Image}), then commit`,
  });
}

function claimCommit(ctx: Ctx): Claim {
  for (;;) {
    const hold = claim(ctx, `commit-${process.pid}-${Math.random().toString(36).slice(2)}`);
    if (hold) return hold;
  }
}

/** The claim, with a note of what it was told to protect. */
function protecting(hold: Claim, made: Set<string>): Claim {
  return {
    ...hold,
    protect(digests) {
      for (const digest of digests) made.add(digest);
      hold.protect(digests);
    },
  };
}

// What cannot be deleted now is found by the next sweep.
function tidy(ctx: Ctx, released: ReadonlySet<string>): void {
  try {
    sweep(ctx, { released });
  } catch (error) {
    ctx.warn(`Cannot delete what is not needed any more: ${messageOf(error)}`);
  }
}

function explained(error: unknown, { Name }: ContainerRecord): unknown {
  if (!isDiskFull(error) && !(error instanceof EngineError && error.code === 'ERR_NO_SPACE')) return error;
  return new EngineError('ERR_NO_SPACE', `Cannot commit the container "${Name}": no space left on the device`, {
    hint: 'Make room, for instance with: skiff rmi IMAGE. Nothing of the new image was kept',
    cause: error,
  });
}
