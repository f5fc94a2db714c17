// The snapshots of a volume: `volumes/<name>/snapshots/<snapshot>/` with a record and the files as they were. They go where their volume goes.
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, syncFolder } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { randomHex } from '../sys/random.ts';
import { tmpDir, volumeDir } from './layout.ts';
import type { SnapshotRecord } from './records.ts';

type HasPaths = Pick<Ctx, 'paths'>;

export const snapshotsDir = (ctx: HasPaths, volume: string): string => join(volumeDir(ctx, volume), 'snapshots');
export const snapshotDir = (ctx: HasPaths, volume: string, name: string): string => join(snapshotsDir(ctx, volume), name);

/** Every readable one, the oldest first. */
export function listSnapshots(ctx: HasPaths, volume: string): SnapshotRecord[] {
  return namesIn(snapshotsDir(ctx, volume))
    .flatMap((name) => readSnapshot(ctx, volume, name) ?? [])
    .toSorted((a, b) => (a.CreatedAt < b.CreatedAt ? -1 : 1));
}

export function readSnapshot(ctx: HasPaths, volume: string, name: string): SnapshotRecord | undefined {
  const record = readJson(join(snapshotDir(ctx, volume, name), 'snapshot.json')) as SnapshotRecord | undefined;
  return record?.version === 1 ? { ...record, Name: name } : undefined;
}

/** Takes a snapshot out of sight; returns the folder that is left to delete, undefined when there is none. */
export function detachSnapshot(ctx: HasPaths, volume: string, name: string): string | undefined {
  mkdirSync(tmpDir(ctx), { recursive: true, mode: 0o700 });
  const grave = join(tmpDir(ctx), `removed-snapshot-${randomHex(8)}`);
  try {
    renameSync(snapshotDir(ctx, volume, name), grave);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  syncFolder(snapshotsDir(ctx, volume));
  return grave;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
