// The two kinds of file that make an image: its record (the root that garbage collection starts from) and one file per reference.
// Read by hand-written checks, not zod: they stand on the path of every `run`. An unreadable file counts as absent.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { digestOf, hasDigestShape, isDigest } from './digest.ts';
import { imageRecordPath, imageRecordsDir, refsDir } from './layout.ts';
import type { ImageHead, ImageRecord, ImageReferenceRecord } from './records.ts';

type HasPaths = Pick<Ctx, 'paths'>;

/** Longest file name that leaves room for the temporary name of an atomic write. */
const LONGEST_NAME = 200;
const SUFFIX = '.json';
const LAYERS = '"layers":[';

/** Every readable image record, in no order. */
export function readImageRecords(ctx: HasPaths): ImageRecord[] {
  const records: ImageRecord[] = [];
  for (const id of imageIds(ctx)) {
    const record = readImageRecord(ctx, id);
    if (record) records.push(record);
  }
  return records;
}

/** The heads of `readImageRecords`, for half the time: hundreds of records are felt. */
export function readImageHeads(ctx: HasPaths): ImageHead[] {
  const heads: ImageHead[] = [];
  for (const id of imageIds(ctx)) {
    const value = readHead(imageRecordPath(ctx, id));
    if (isImageHead(value) && value.id === id) heads.push(value);
  }
  return heads;
}

// Layers are an array of objects without arrays, so it ends with its first bracket. If one stands in a string of it, what is left is no JSON.
function readHead(path: string): unknown {
  try {
    const text = readFileSync(path, 'utf8');
    const begin = text.indexOf(LAYERS);
    const end = text.indexOf(']', begin);
    if (begin === -1 || end === -1) return readJson(path);
    return JSON.parse(`${text.slice(0, begin + LAYERS.length)}${text.slice(end)}`);
  } catch {
    return readJson(path);
  }
}

/** Ids of all record files, readable or not. */
export function imageIds(ctx: HasPaths): string[] {
  const ids: string[] = [];
  for (const name of namesIn(imageRecordsDir(ctx))) {
    const id = `sha256:${name.slice(0, -SUFFIX.length)}`;
    if (isDigest(id)) ids.push(id);
  }
  return ids;
}

export function readImageRecord(ctx: HasPaths, id: string): ImageRecord | undefined {
  const value = readJson(imageRecordPath(ctx, id));
  return isImageRecord(value) && value.id === id ? value : undefined;
}

export function writeImageRecord(ctx: HasPaths, record: ImageRecord): void {
  writeJsonAtomic(imageRecordPath(ctx, record.id), record);
}

export function deleteImageRecord(ctx: HasPaths, id: string): void {
  rmSync(imageRecordPath(ctx, id), { force: true });
}

/** Where a canonical reference is kept; one that makes too long a name is kept under its hash. */
export function referencePath(ctx: HasPaths, canonical: string): string {
  const encoded = encodeURIComponent(canonical);
  return join(refsDir(ctx), `${encoded.length > LONGEST_NAME ? digestOf(canonical).replace(':', '-') : encoded}.json`);
}

/** Every readable reference record, in no order. */
export function readReferences(ctx: HasPaths): ImageReferenceRecord[] {
  const records: ImageReferenceRecord[] = [];
  for (const path of referenceFiles(ctx)) {
    const record = readReferenceFile(path);
    if (record) records.push(record);
  }
  return records;
}

/** Paths of all reference files, readable or not. */
export function referenceFiles(ctx: HasPaths): string[] {
  const folder = refsDir(ctx);
  return namesIn(folder).map((name) => `${folder}/${name}`);
}

export function readReference(ctx: HasPaths, canonical: string): ImageReferenceRecord | undefined {
  return readReferenceFile(referencePath(ctx, canonical));
}

export function readReferenceFile(path: string): ImageReferenceRecord | undefined {
  const value = readJson(path) as ImageReferenceRecord | undefined;
  return value?.version === 1 && typeof value.reference === 'string' && hasDigestShape(value.id) ? value : undefined;
}

// Names that begin with a dot are atomic writes under way.
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.') && name.endsWith(SUFFIX));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A loop, since it is run for each of hundreds of images. */
function hasDigests(layers: ImageRecord['layers']): boolean {
  for (const layer of layers) if (!hasDigestShape(layer?.digest) || !hasDigestShape(layer?.diffId)) return false;
  return true;
}

function isImageRecord(value: unknown): value is ImageRecord {
  return isImageHead(value) && hasDigests((value as ImageRecord).layers);
}

function isImageHead(value: unknown): value is ImageHead {
  const record = value as ImageRecord | undefined;
  return (
    record?.version === 1 &&
    typeof record.id === 'string' &&
    hasDigestShape(record.manifest?.digest) &&
    hasDigestShape(record.target?.digest) &&
    Array.isArray(record.layers) &&
    Array.isArray(record.repoDigests) &&
    (record.companions === undefined || (Array.isArray(record.companions) && record.companions.every(hasDigestShape))) &&
    typeof record.platform?.os === 'string'
  );
}
