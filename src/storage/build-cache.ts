// What is remembered of build steps, a file each: `build-cache/records/<hex of key>.json`. A record is written at once and without waiting for
// the disk; whether its layer can be trusted after a power cut is the layer's own matter (`hasLayer`). Its time is that of its last use. One that
// cannot be read is absent: the step runs again.
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import type { BuiltLayer, CacheRecord } from './build-cache-records.ts';
import { hasDigestShape, isDigest } from './digest.ts';
import { cacheRecordPath, cacheRecordsDir } from './layout.ts';
import { noteUse, readUsed } from './use-note.ts';

type HasPaths = Pick<Ctx, 'paths'>;

export interface UsedRecord {
  record: CacheRecord;
  lastUsedAt: Date;
  uses: number;
}

/** Undefined when it is missing or unreadable. */
export function readCacheRecord(ctx: HasPaths, key: string): CacheRecord | undefined {
  return readUsedRecord(ctx, key)?.record;
}

/** Keys of all record files, readable or not. */
export function cacheKeys(ctx: HasPaths): string[] {
  return namesIn(cacheRecordsDir(ctx)).flatMap((name) => {
    const key = `sha256:${name.replace(/\.json$/, '')}`;
    return name.endsWith('.json') && isDigest(key) ? [key] : [];
  });
}

/** Every readable record, in no order. */
export function readCacheRecords(ctx: HasPaths): UsedRecord[] {
  return cacheKeys(ctx)
    .map((key) => readUsedRecord(ctx, key))
    .filter((used) => used !== undefined);
}

/** Its layer must be protected by a living claim. The files among its inputs are left out. */
export function writeCacheRecord(ctx: HasPaths, record: CacheRecord): void {
  const { files, ...inputs } = record.inputs;
  writeJsonAtomic(cacheRecordPath(ctx, record.key), { ...record, inputs }, { durable: false });
}

/** Notes that the record was used now. One that is gone is passed over. */
export const noteCacheUse = (ctx: Pick<Ctx, 'paths' | 'now'>, key: string): void => noteUse(ctx, cacheRecordPath(ctx, key));

/**
 * Gives the records of one build times that say the first step was used last: when room is wanted, what is built on others goes before them.
 * One that is gone is passed over.
 */
export function orderCacheUses(ctx: Pick<Ctx, 'paths' | 'now'>, keys: readonly string[]): void {
  const end = ctx.now().getTime() / 1000;
  for (const [index, key] of keys.entries()) {
    try {
      utimesSync(cacheRecordPath(ctx, key), end, end - index / 1000);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}

export function removeCacheRecord(ctx: HasPaths, key: string): void {
  rmSync(cacheRecordPath(ctx, key), { force: true });
}

function readUsedRecord(ctx: HasPaths, key: string): UsedRecord | undefined {
  const used = readUsed(cacheRecordPath(ctx, key));
  if (!isCacheRecord(used?.value) || used.value.key !== key) return undefined;
  return { record: used.value, lastUsedAt: used.lastUsedAt, uses: used.uses };
}

function isCacheRecord(value: unknown): value is CacheRecord {
  const record = value as CacheRecord | undefined;
  return (
    record?.version === 1 &&
    hasDigestShape(record.key) &&
    (record.layer === undefined || isLayer(record.layer)) &&
    typeof record.createdAt === 'string' &&
    typeof record.description === 'string' &&
    typeof record.inputs?.slot === 'string'
  );
}

function isLayer(layer: BuiltLayer): boolean {
  return (
    hasDigestShape(layer?.digest) &&
    hasDigestShape(layer.diffId) &&
    typeof layer.mediaType === 'string' &&
    typeof layer.size === 'number' &&
    typeof layer.sizeBytes === 'number'
  );
}

// Names that begin with a dot are atomic writes under way, or what a killed one left.
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Temporary files of writes that were killed, older than an hour: paths. */
export function strayCacheFiles(ctx: Pick<Ctx, 'paths' | 'now'>, folder: string): string[] {
  const before = ctx.now().getTime() - 3_600_000;
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith('.'))
      .map((name) => join(folder, name))
      .filter((path) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? before + 1) < before);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
