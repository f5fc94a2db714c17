// A root file system from a tar archive, as an image of one layer: the stream is unpacked and compressed in one pass, and only then recorded.

import { OCI_LAYER, OCI_MANIFEST } from '../../oci/media-types.ts';
import { hostPlatform, normalisePlatform, parsePlatform } from '../../oci/platform.ts';
import type { ImportJob, ImportResult } from '../../runtime/messages-archive.ts';
import { putBlob } from '../../storage/blob.ts';
import { type Claim, claim } from '../../storage/claim.ts';
import { digestOf } from '../../storage/digest.ts';
import { putImage, tagImage } from '../../storage/image.ts';
import { createNewLayer, type MadeLayer } from '../../storage/new-layer.ts';
import type { ImageConfig, ImageLayer } from '../../storage/records.ts';
import { sweep } from '../../storage/sweep.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { explainArchive } from './archive-errors.ts';
import { readCompressed } from './archive-stream.ts';
import { manifestOf } from './save-parts.ts';

const ARCHIVE = 3;

/** Throws ERR_ARCHIVE_TRUNCATED, ERR_DOWNLOAD, and what unpacking throws; nothing stays then. */
export async function importImage(ctx: Ctx, job: ImportJob, { signal }: { signal: AbortSignal }): Promise<ImportResult> {
  const made = new Set<string>();
  const claimed = claimImport(ctx);
  const hold: Claim = {
    ...claimed,
    protect(digests) {
      for (const digest of digests) made.add(digest);
      claimed.protect(digests);
    },
  };
  try {
    return { id: storeImage(ctx, await readLayer(ctx, job, { hold, signal }), { job, hold }) };
  } catch (error) {
    throw signal.aborted ? error : explainArchive(error, job.name, 'import');
  } finally {
    hold.release();
    tidy(ctx, made);
  }
}

async function readLayer(ctx: Ctx, job: ImportJob, { hold, signal }: { hold: Claim; signal: AbortSignal }): Promise<MadeLayer> {
  const layer = createNewLayer(ctx, hold);
  let isEmpty = true;
  const onData = (data: Buffer): boolean => {
    isEmpty &&= data.length === 0;
    layer.write(data);
    return true;
  };
  const room = layer.room;
  try {
    if (job.url === undefined) await readCompressed(ctx, { fd: ARCHIVE, onData, room, signal });
    else {
      const { withDownload } = await import('./download.ts');
      await withDownload(job.url, signal, (fd) => readCompressed(ctx, { fd, onData, room, signal }));
    }
    if (isEmpty) throw new EngineError('ERR_LAYER_TRUNCATED', 'is empty');
    return await layer.finish();
  } finally {
    layer.abort();
  }
}

function storeImage(ctx: Ctx, made: MadeLayer, { job, hold }: { job: ImportJob; hold: Claim }): string {
  const created = ctx.now().toISOString();
  const platform = job.platform === undefined ? hostPlatform() : parsePlatform(job.platform);
  const { os, architecture, variant } = normalisePlatform(platform);
  const config: ImageConfig = {
    created,
    architecture,
    os,
    ...(variant ? { variant } : {}),
    config: job.config,
    rootfs: { type: 'layers', diff_ids: [made.diffId] },
    history: [{ created, comment: job.comment }],
  };
  const { digest, diffId, size, sizeBytes } = made;
  const layers: ImageLayer[] = [{ digest, diffId, size, mediaType: `${OCI_LAYER}+gzip` }];
  const configBytes = Buffer.from(JSON.stringify(config));
  const manifestBytes = manifestOf(configBytes, layers);
  const manifest = { mediaType: OCI_MANIFEST, digest: digestOf(manifestBytes), size: manifestBytes.length };
  const id = digestOf(configBytes);
  hold.protect([id, manifest.digest]);
  putBlob(ctx, configBytes);
  putBlob(ctx, manifestBytes);
  putImage(ctx, {
    version: 1,
    id,
    manifest,
    target: manifest,
    platform: { os, architecture, ...(variant ? { variant } : {}) },
    layers,
    sizeBytes,
    repoDigests: [],
    created,
    storedAt: created,
  });
  if (job.reference !== undefined) tagImage(ctx, job.reference, id);
  return id;
}

// What cannot be deleted now is found by the next sweep.
function tidy(ctx: Ctx, released: ReadonlySet<string>): void {
  try {
    sweep(ctx, { released });
  } catch (error) {
    ctx.warn(`Cannot delete what is not needed any more: ${messageOf(error)}`);
  }
}

function claimImport(ctx: Ctx): Claim {
  for (;;) {
    const hold = claim(ctx, `import-${process.pid}-${Math.random().toString(36).slice(2)}`);
    if (hold) return hold;
  }
}
