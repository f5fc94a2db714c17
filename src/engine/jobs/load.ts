// The images of an archive, which descriptor 3 is: opened, checked, unpacked side by side, and only then recorded, all of them or none. What
// is being made is protected by a claim; what no image needs in the end is swept, and if we die on the way by the next sweep.
import { fstatSync, readFileSync, readSync } from 'node:fs';
import { hostPlatform, normalisePlatform, parsePlatform } from '../../oci/platform.ts';
import { canonicalReference, parseReference } from '../../oci/reference.ts';
import type { LoadedImage, LoadJob, LoadResult } from '../../runtime/messages-archive.ts';
import { type Archive, openArchiveFile, openArchiveFolder } from '../../storage/archive.ts';
import { createArchiveSpool } from '../../storage/archive-spool.ts';
import { hasBlob, putBlob } from '../../storage/blob.ts';
import { type Claim, claim } from '../../storage/claim.ts';
import { missingParts, putImage, tagImage } from '../../storage/image.ts';
import { readImageRecord } from '../../storage/image-record.ts';
import { readLayer } from '../../storage/layer.ts';
import { sweep } from '../../storage/sweep.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { explainArchive } from './archive-errors.ts';
import { type ArchiveImage, readArchiveImages } from './archive-images.ts';
import { storeBlob, storeLayers } from './archive-layers.ts';
import { programFor, readCompressed } from './archive-stream.ts';
import type { JobTools } from './tools.ts';

export const ARCHIVE = 3;
/** What is read behind an archive's end, so that its compressor's check is read as well. */
const SURPLUS_BYTES = 1 << 20;

/** Throws ERR_ARCHIVE_…, ERR_NO_PLATFORM, and what unpacking throws; nothing is reachable then that was not before. */
export async function load(ctx: Ctx, job: LoadJob, tools: JobTools): Promise<LoadResult> {
  const hold = claimLoad(ctx);
  const parts = new Set<string>();
  const protect = (digests: string[]): void => {
    const fresh = digests.filter((digest) => !parts.has(digest));
    for (const digest of fresh) parts.add(digest);
    if (fresh.length > 0) hold.protect(fresh);
  };
  try {
    const archive = await openArchive(ctx, { job, protect, signal: tools.signal });
    const platform = job.platform === undefined ? hostPlatform() : parsePlatform(job.platform);
    const all = readArchiveImages(ctx, archive, { name: job.name, platform, isPlatformGiven: job.platform !== undefined, fd: ARCHIVE });
    const images = selected(all, job);
    for (const { id, manifest, target, layers, companions } of images) {
      const others = companions.map(({ digest }) => digest);
      protect([id, manifest.digest, target.digest, ...others, ...layers.flatMap(({ layer }) => [layer.digest, layer.diffId])]);
    }
    await storeLayers(
      ctx,
      images.flatMap(({ layers }) => layers),
      { ...tools, fd: ARCHIVE, maxBytes: job.maxLayerBytes },
    );
    for (const part of images.flatMap(({ companions }) => companions)) await storeBlob(ctx, part, { fd: ARCHIVE, signal: tools.signal });
    return { images: images.map((image) => record(ctx, image)) };
  } catch (error) {
    throw tools.signal.aborted ? error : explainArchive(error, job.name);
  } finally {
    hold.release();
    tidy(ctx, parts);
  }
}

async function openArchive(
  ctx: Ctx,
  { job, protect, signal }: { job: LoadJob; protect: (digests: string[]) => void; signal: AbortSignal },
): Promise<Archive> {
  const stat = fstatSync(ARCHIVE);
  if (stat.isDirectory()) return openArchiveFolder(ARCHIVE);
  if (stat.isFile()) {
    const start = positionOf(ARCHIVE);
    if (stat.size - start === 0) throw new EngineError('ERR_LAYER_TRUNCATED', 'is empty');
    if (isPlain(start)) return openArchiveFile(ARCHIVE, start);
  }
  const spool = createArchiveSpool(ctx, protect);
  let [surplus, isEmpty] = [0, true];
  try {
    await readCompressed(ctx, {
      fd: ARCHIVE,
      signal,
      maxBytes: job.maxLayerBytes,
      onData(data) {
        isEmpty &&= data.length === 0;
        spool.write(data);
        if (spool.isFinished) surplus += data.length;
        return surplus < SURPLUS_BYTES;
      },
    });
    if (isEmpty) throw new EngineError('ERR_LAYER_TRUNCATED', 'is empty');
    return spool.end();
  } finally {
    spool.abort();
  }
}

function isPlain(start: number): boolean {
  const head = Buffer.alloc(6);
  readSync(ARCHIVE, head, 0, 6, start);
  const isZstd = head.readUInt32LE(0) === 0xfd2fb528 || (head.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50;
  return !(head[0] === 0x1f && head[1] === 0x8b) && !isZstd && programFor(head) === undefined;
}

/** Where in the file its opener stands, as any program that inherits it would begin. */
function positionOf(fd: number): number {
  return Number(/^pos:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? 0);
}

function selected(images: ArchiveImage[], { wanted, reference }: LoadJob): ArchiveImage[] {
  const found = wanted === undefined ? images : images.filter((image) => image.label === wanted || image.names.includes(canonical(wanted)));
  if (found.length === 0) {
    const names = images.flatMap((image) => (image.names.length > 0 ? image.names : [image.label ?? image.id]));
    const what = wanted === undefined ? 'it has no images' : `it has no image "${wanted}"`;
    throw new EngineError('ERR_ARCHIVE', what, names.length > 0 ? { hint: `It has ${names.join(', ')}` } : {});
  }
  if (reference === undefined) return found;
  if (found.length > 1) {
    const names = found.map((image) => image.label ?? image.names[0] ?? image.id);
    throw new EngineError('ERR_ARCHIVE', 'more than one image in it', { hint: `Choose one of ${names.join(', ')}` });
  }
  return found.map((image) => ({ ...image, names: reference === '' ? [] : [reference] }));
}

function canonical(name: string): string {
  try {
    return canonicalReference(parseReference(name));
  } catch {
    return name;
  }
}

function record(ctx: Ctx, image: ArchiveImage): LoadedImage {
  const { id, config, manifest, target, documents, names } = image;
  const layers = image.layers.map(({ layer }) => layer);
  const own = new Set([id, manifest.digest, ...layers.map(({ digest }) => digest)]);
  const companions = [...new Set(image.companions.map(({ digest }) => digest))].filter((digest) => !own.has(digest));
  const known = readImageRecord(ctx, id);
  // One that is there, whole, keeps the manifest that it was pulled with.
  if (!known || missingParts(ctx, known).length > 0 || known.layers.some(({ digest, size }) => !hasBlob(ctx, digest, size))) {
    for (const document of documents) putBlob(ctx, document);
    putImage(ctx, {
      version: 1,
      id,
      manifest,
      target,
      platform: normalisePlatform({ os: config.os, architecture: config.architecture, variant: config.variant }),
      layers,
      sizeBytes: layers.reduce((sum, layer) => sum + (readLayer(ctx, layer.diffId)?.sizeBytes ?? 0), 0),
      repoDigests: [],
      ...(companions.length > 0 ? { companions } : {}),
      created: config.created,
      storedAt: ctx.now().toISOString(),
    });
  } else if (known.target.digest === target.digest && companions.some((digest) => !known.companions?.includes(digest))) {
    putImage(ctx, { ...known, companions });
  }
  const moved = names.flatMap((name) => {
    const from = tagImage(ctx, name, id);
    return from === undefined || from === id ? [] : [{ name, from }];
  });
  return { id, names, moved, isNew: known === undefined };
}

// Garbage that cannot be deleted now is found by the next sweep.
function tidy(ctx: Ctx, released: ReadonlySet<string>): void {
  try {
    sweep(ctx, { released });
  } catch (error) {
    ctx.warn(`Cannot delete what is not needed any more: ${messageOf(error)}`);
  }
}

function claimLoad(ctx: Ctx): Claim {
  for (;;) {
    const hold = claim(ctx, `load-${process.pid}-${Math.random().toString(36).slice(2)}`);
    if (hold) return hold;
  }
}
