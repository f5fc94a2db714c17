// Before a push: an image that was made or loaded here and was never at a registry may have layers that are not compressed, which nobody wants on
// the wire. They are compressed, reproducibly, and the image gets the manifest that names them; its id, of the config, stays. One that came from
// a registry is never touched: its digest is known elsewhere. If we die here, what was made is garbage, or the image is complete.
import { parseManifest } from '../oci/manifest.ts';
import { compressedLayerType } from '../oci/media-types.ts';
import { blobChunks, hasBlob, putBlob, readBlob } from '../storage/blob.ts';
import { type Claim, claim } from '../storage/claim.ts';
import { createGzip } from '../storage/gzip.ts';
import { putImage } from '../storage/image.ts';
import { readImageRecords } from '../storage/image-record.ts';
import { createNewBlob } from '../storage/new-blob.ts';
import type { Descriptor, ImageLayer, ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { messageOf } from '../sys/errors.ts';
import { runJob } from './worker-client.ts';

/** Pieces of a layer in memory at a time, each of a megabyte. */
const MOST_PIECES = 8;
const LONGEST_HOLD_MS = 50;

/** The image with its `plain` layers compressed. */
export async function compressImage(
  ctx: Ctx,
  image: ImageRecord,
  { plain, signal }: { plain: ImageLayer[]; signal: AbortSignal },
): Promise<ImageRecord> {
  const compressed = await replaceLayers(ctx, image, { plain, signal });
  await tidy(ctx, [image.manifest.digest, ...plain.map(({ digest }) => digest)]);
  return compressed;
}

async function replaceLayers(
  ctx: Ctx,
  image: ImageRecord,
  { plain, signal }: { plain: ImageLayer[]; signal: AbortSignal },
): Promise<ImageRecord> {
  const hold = claimPush(ctx);
  try {
    const made = new Map<string, ImageLayer>();
    for (const layer of plain) {
      if (!made.has(layer.digest)) made.set(layer.digest, known(ctx, layer, hold) ?? (await compress(ctx, layer, { hold, signal })));
    }
    const layers = image.layers.map((layer) => made.get(layer.digest) ?? layer);
    const manifest = storeManifest(ctx, image, { layers, hold });
    const compressed = { ...image, layers, manifest, target: manifest };
    putImage(ctx, compressed);
    return compressed;
  } finally {
    hold.release();
  }
}

/** The plain blobs go, with what earlier pushes left that were killed at this. What cannot be deleted now is found by the next sweep. */
async function tidy(ctx: Ctx, released: string[]): Promise<void> {
  try {
    await runJob(ctx, { kind: 'sweep', released });
  } catch (error) {
    ctx.warn(`Cannot delete what is not needed any more: ${messageOf(error)}`);
  }
}

/** The same layer, compressed already, of another image. */
function known(ctx: Ctx, { diffId }: ImageLayer, hold: Claim): ImageLayer | undefined {
  const isFit = (layer: ImageLayer): boolean =>
    layer.diffId === diffId && /[.+]gzip$/.test(layer.mediaType) && hasBlob(ctx, layer.digest, layer.size);
  const found = readImageRecords(ctx)
    .flatMap(({ layers }) => layers)
    .find(isFit);
  if (!found) return undefined;
  hold.protect([found.digest]);
  return isFit(found) ? found : undefined;
}

async function compress(ctx: Ctx, layer: ImageLayer, { hold, signal }: { hold: Claim; signal: AbortSignal }): Promise<ImageLayer> {
  const blob = createNewBlob(ctx);
  try {
    const gzip = createGzip(blob.write, MOST_PIECES);
    let pausedMs = performance.now();
    for (const chunk of blobChunks(ctx, layer.digest)) {
      gzip.write(chunk);
      await gzip.room();
      if (performance.now() - pausedMs < LONGEST_HOLD_MS) continue;
      await Bun.sleep(0);
      signal.throwIfAborted();
      pausedMs = performance.now();
    }
    await gzip.end();
    const { digest, size } = blob.commit((made) => hold.protect([made]));
    return { ...layer, digest, size, mediaType: compressedLayerType(layer.mediaType) ?? layer.mediaType };
  } finally {
    blob.abort();
  }
}

/** The image's manifest with other layers; all else that it says stays. */
function storeManifest(ctx: Ctx, image: ImageRecord, { layers, hold }: { layers: ImageLayer[]; hold: Claim }): Descriptor {
  const bytes = readBlob(ctx, image.manifest.digest);
  const { mediaType } = parseManifest(bytes, { headerType: image.manifest.mediaType, name: image.id });
  const document: { layers: Descriptor[] } = JSON.parse(bytes.toString());
  const isDocker = mediaType.startsWith('application/vnd.docker.');
  const changed = Buffer.from(
    JSON.stringify({
      ...document,
      layers: document.layers.map((known, index) => {
        const { digest = known.digest, size = known.size, mediaType: type = known.mediaType } = layers[index] ?? {};
        return digest === known.digest ? known : { ...known, mediaType: isDocker ? dockerType(type) : type, digest, size };
      }),
    }),
  );
  const digest = `sha256:${new Bun.CryptoHasher('sha256').update(changed).digest('hex')}`;
  hold.protect([digest]);
  putBlob(ctx, changed);
  return { mediaType, digest, size: changed.length };
}

const dockerType = (type: string): string =>
  type.startsWith('application/vnd.docker.') ? type : 'application/vnd.docker.image.rootfs.diff.tar.gzip';

function claimPush(ctx: Ctx): Claim {
  for (;;) {
    const hold = claim(ctx, `push-${process.pid}-${Math.random().toString(36).slice(2)}`);
    if (hold) return hold;
  }
}
