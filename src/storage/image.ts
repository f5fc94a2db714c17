// Images as the engine sees them: found by reference, id or prefix, listed, stored, tagged. References come in canonical form
// (`docker.io/library/alpine:latest`); normalising is oci's work, so callers pass both what the user typed and its canonical form.
import { rmSync } from 'node:fs';
import { syncFolder, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { hasBlob, readBlob } from './blob.ts';
import { withStoreLock } from './claim.ts';
import {
  imageIds,
  readImageHeads,
  readImageRecord,
  readImageRecords,
  readReference,
  readReferences,
  referencePath,
  writeImageRecord,
} from './image-record.ts';
import { absentLayers } from './layer.ts';
import { refsDir } from './layout.ts';
import type { ImageConfig, ImageHead, ImageRecord, ImageReferenceRecord } from './records.ts';
import { syncStore } from './sync.ts';

export interface ListedImage<Image extends ImageHead = ImageRecord> {
  image: Image;
  /** Canonical, sorted; empty for a dangling image. */
  references: string[];
}

export interface FoundImage {
  image: ImageRecord;
  /** The canonical reference it was found by; undefined when found by id. */
  reference: string | undefined;
}

/** Every readable image with its references. */
export function listImages(ctx: Pick<Ctx, 'paths'>): ListedImage[] {
  return withReferences(ctx, readImageRecords(ctx));
}

/** The same without the images' layers, for half the time. */
export function listImageHeads(ctx: Pick<Ctx, 'paths'>): ListedImage<ImageHead>[] {
  return withReferences(ctx, readImageHeads(ctx));
}

function withReferences<Image extends ImageHead>(ctx: Pick<Ctx, 'paths'>, images: Image[]): ListedImage<Image>[] {
  const byId = Map.groupBy(readReferences(ctx), (record) => record.id);
  return images.map((image) => ({ image, references: namesOf(byId.get(image.id) ?? []) }));
}

/** The canonical references of one image, sorted. */
export function referencesOf(ctx: Pick<Ctx, 'paths'>, id: string): string[] {
  return namesOf(readReferences(ctx).filter((record) => record.id === id));
}

/**
 * Finds an image as Docker does: by reference first, then by id or unique id prefix (with or without `sha256:`).
 * `canonical` is `name` normalised, undefined when it is no valid reference. Throws ERR_AMBIGUOUS_ID.
 */
export function findImage(ctx: Pick<Ctx, 'paths'>, name: string, canonical?: string): FoundImage | undefined {
  const byReference = canonical === undefined ? undefined : findByReference(ctx, canonical);
  if (byReference) return { image: byReference, reference: canonical };
  const prefix = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(name)?.[1];
  if (prefix === undefined) return undefined;
  const ids = imageIds(ctx).filter((id) => id.startsWith(prefix, 'sha256:'.length));
  if (ids.length > 1) {
    throw new EngineError('ERR_AMBIGUOUS_ID', `Multiple IDs found with provided prefix: ${name}`, {
      hint: 'Give more digits of the id, or a reference',
    });
  }
  const image = ids[0] === undefined ? undefined : readImageRecord(ctx, ids[0]);
  return image && { image, reference: undefined };
}

/** The image's config blob, parsed. Throws ERR_BLOB_MISSING, ERR_BLOB_DAMAGED or ERR_IMAGE_CONFIG. */
export function readImageConfig(ctx: Pick<Ctx, 'paths'>, id: string): ImageConfig {
  const config: unknown = JSON.parse(readBlob(ctx, id).toString());
  if (isImageConfig(config)) return config;
  throw new EngineError('ERR_IMAGE_CONFIG', `The config of the image "${id}" names no root file system`);
}

/**
 * Makes an image reachable: everything it needs must be in the store and is on the disk when this returns. Known repository digests are
 * kept, and so are the companions of the same index. Throws ERR_IMAGE_INCOMPLETE when a blob or layer is missing, for instance because it was removed meanwhile.
 */
export function putImage(ctx: Ctx, record: ImageRecord): void {
  // Nothing new is reached by a record that is already there, so there is nothing to wait for.
  if (readImageRecord(ctx, record.id) === undefined) syncStore(ctx);
  withStoreLock(ctx, () => {
    const missing = missingParts(ctx, record);
    if (missing.length > 0) {
      throw new EngineError('ERR_IMAGE_INCOMPLETE', `The image "${record.id}" is incomplete: "${missing[0]}" is not in the store`, {
        hint: 'Another command removed it meanwhile: pull the image again',
      });
    }
    const known = readImageRecord(ctx, record.id);
    const isSame = known?.target.digest === record.target.digest;
    const companions = [...new Set([...(isSame ? (known.companions ?? []) : []), ...(record.companions ?? [])])];
    const repoDigests = [...new Set([...(known?.repoDigests ?? []), ...record.repoDigests])];
    writeImageRecord(ctx, { ...record, repoDigests, companions: companions.length > 0 ? companions : undefined });
  });
}

/** Digests of blobs and layers that `record` needs and the store lacks. Compressed layers are not needed to run. */
export function missingParts(ctx: Pick<Ctx, 'paths' | 'env'>, record: ImageRecord): string[] {
  const blobs = [...new Set([record.id, record.manifest.digest, record.target.digest])].filter((digest) => !hasBlob(ctx, digest));
  const layers = record.layers.map((layer) => layer.diffId);
  return [...blobs, ...absentLayers(ctx, layers)];
}

/** Notes that a repository serves the image: `name@sha256:…`, canonical. An image that was removed meanwhile is passed over. */
export function addRepoDigest(ctx: Pick<Ctx, 'paths'>, id: string, repoDigest: string): void {
  withStoreLock(ctx, () => {
    const record = readImageRecord(ctx, id);
    if (!record || record.repoDigests.includes(repoDigest)) return;
    writeImageRecord(ctx, { ...record, repoDigests: [...record.repoDigests, repoDigest] });
  });
}

/** Points `reference` (canonical) at an image. Returns the id it pointed at before. */
export function tagImage(ctx: Ctx, reference: string, id: string): string | undefined {
  return withStoreLock(ctx, () => {
    if (readImageRecord(ctx, id) === undefined) throw new EngineError('ERR_NO_SUCH_IMAGE', `No such image: ${id}`);
    const before = readReference(ctx, reference)?.id;
    const record: ImageReferenceRecord = { version: 1, reference, id, taggedAt: ctx.now().toISOString() };
    writeJsonAtomic(referencePath(ctx, reference), record);
    return before;
  });
}

/** Drops a reference; the image stays. */
export function removeReference(ctx: Pick<Ctx, 'paths'>, reference: string): void {
  rmSync(referencePath(ctx, reference), { force: true });
  syncFolder(refsDir(ctx));
}

function findByReference(ctx: Pick<Ctx, 'paths'>, canonical: string): ImageRecord | undefined {
  const id = readReference(ctx, canonical)?.id;
  if (id !== undefined) return readImageRecord(ctx, id);
  if (!canonical.includes('@')) return undefined;
  return readImageRecords(ctx).find((image) => image.repoDigests.includes(canonical));
}

const namesOf = (records: ImageReferenceRecord[]): string[] => records.map((record) => record.reference).sort();

function isImageConfig(value: unknown): value is ImageConfig {
  const config = value as ImageConfig | undefined;
  return Array.isArray(config?.rootfs?.diff_ids);
}
