// The folders behind `RUN --mount=type=cache`, one per id: `mounts/<hash>/` with `fs/`, `mount.json` and `lock`, which every step holds that has it
// mounted: together for `shared`, alone for `locked`, and for `private` alone in a further folder when the first one is taken. As the lock dies with the
// build, a folder whose lock is free is nobody's and may go. Trap: it may be removed between our look and our lock, so we look again.
import { existsSync, fstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeFileAtomic, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { isLocked, type Lock, tryLock } from '../sys/lock.ts';
import { digestOf } from './digest.ts';
import { cacheMountDir, cacheMountFs, cacheMountsDir, tmpDir } from './layout.ts';
import { noteUse, readUsed } from './use-note.ts';

export interface CacheMountRecord {
  version: 1;
  /** As the Dockerfile has it. */
  id: string;
  /** RFC 3339. */
  createdAt: string;
  /** Bytes on the disk when it was last measured, and when that was. */
  size?: number;
  measuredAt?: string;
}

export interface UseCacheMountOptions {
  id: string;
  sharing: 'shared' | 'private' | 'locked';
  /** Makes what a new one starts with: the folder at the path it is given, which is not there yet. */
  create: (path: string) => Promise<void>;
  /** Waiting for a locked one ends by it. */
  signal: AbortSignal;
}

export interface CacheMountUse {
  /** Of the folder that is to be mounted. */
  path: string;
  name: string;
  release(): void;
}

export interface CacheMount {
  /** The folder's name below mounts/. */
  name: string;
  record: CacheMountRecord;
  lastUsedAt: Date;
  uses: number;
  /** Some build has it mounted. */
  inUse: boolean;
}

const PAUSE_MS = 50;
const NAME_LENGTH = 40;

/** Makes the folder for `id` where there is none, and keeps it until it is released. Throws the signal's reason. */
export async function useCacheMount(ctx: Ctx, { id, sharing, create, signal }: UseCacheMountOptions): Promise<CacheMountUse> {
  const first = digestOf(id).slice(7, 7 + NAME_LENGTH);
  for (let at = 0; ; ) {
    signal.throwIfAborted();
    const name = at === 0 ? first : `${first}-${at}`;
    const lock = lockOf(ctx, name, sharing === 'shared' ? 'shared' : 'exclusive');
    if (lock === 'taken') {
      if (sharing === 'private') at++;
      else await Bun.sleep(PAUSE_MS);
    } else if (lock !== 'gone') {
      try {
        await makeOnce(ctx, { name, id, create, signal });
        noteUse(ctx, recordPath(ctx, name));
        return { path: cacheMountFs(ctx, name), name, release: () => lock.release() };
      } catch (error) {
        lock.release();
        throw error;
      }
    }
  }
}

/** Every one, in no order; one without a readable record is passed over. */
export function listCacheMounts(ctx: Pick<Ctx, 'paths'>): CacheMount[] {
  return cacheMountNames(ctx).flatMap((name) => {
    const used = readUsed(recordPath(ctx, name));
    if (!isRecord(used?.value)) return [];
    return [{ name, record: used.value, lastUsedAt: used.lastUsedAt, uses: used.uses, inUse: isLocked(lockPath(ctx, name)) }];
  });
}

/** Names of all folders below mounts/. */
export function cacheMountNames(ctx: Pick<Ctx, 'paths'>): string[] {
  try {
    return readdirSync(cacheMountsDir(ctx));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Notes what was measured, unless a build has begun to use it, which counts as the later use. */
export function noteMountSize(ctx: Pick<Ctx, 'paths' | 'now'>, { name, record, lastUsedAt, uses }: CacheMount, size: number): void {
  const lock = lockOf(ctx, name, 'exclusive');
  if (lock === 'taken' || lock === 'gone') return;
  try {
    const measured = { ...record, size, measuredAt: ctx.now().toISOString() };
    const text = JSON.stringify(measured) + '\n'.repeat(uses);
    writeFileAtomic(recordPath(ctx, name), text, { durable: false, createFolder: false, time: lastUsedAt });
  } catch (error) {
    if (!['ENOENT', 'ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '')) throw error;
  } finally {
    lock.release();
  }
}

/** Takes one out of sight that no build has mounted; returns the folder in tmp/ that is left to delete, undefined when it is in use or gone. */
export function detachCacheMount(ctx: Pick<Ctx, 'paths'>, name: string): string | undefined {
  if (!existsSync(cacheMountDir(ctx, name))) return undefined;
  const lock = lockOf(ctx, name, 'exclusive');
  if (lock === 'taken' || lock === 'gone') return undefined;
  try {
    mkdirSync(tmpDir(ctx), { recursive: true, mode: 0o700 });
    const grave = join(tmpDir(ctx), `removed-mount-${name.slice(0, 12)}-${Math.random().toString(36).slice(2)}`);
    renameSync(cacheMountDir(ctx, name), grave);
    return grave;
  } finally {
    lock.release();
  }
}

const recordPath = (ctx: Pick<Ctx, 'paths'>, name: string): string => join(cacheMountDir(ctx, name), 'mount.json');
const lockPath = (ctx: Pick<Ctx, 'paths'>, name: string): string => join(cacheMountDir(ctx, name), 'lock');

function lockOf(ctx: Pick<Ctx, 'paths'>, name: string, mode: 'shared' | 'exclusive'): Lock | 'taken' | 'gone' {
  const path = lockPath(ctx, name);
  const lock = tryLock(path, mode);
  if (lock === undefined) return 'taken';
  if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(lock.fd).ino) return lock;
  lock.release();
  return 'gone';
}

/** Several that share a new one may come at once: one makes it, the others wait. */
async function makeOnce(ctx: Ctx, { name, id, create, signal }: Omit<UseCacheMountOptions, 'sharing'> & { name: string }): Promise<void> {
  const target = cacheMountFs(ctx, name);
  while (!existsSync(target)) {
    signal.throwIfAborted();
    const making = tryLock(join(cacheMountDir(ctx, name), 'making'));
    if (!making) {
      await Bun.sleep(PAUSE_MS);
      continue;
    }
    try {
      if (existsSync(target)) return;
      const path = join(cacheMountDir(ctx, name), 'new');
      rmSync(path, { recursive: true, force: true });
      await create(path);
      if (!isRecord(readJson(recordPath(ctx, name)))) {
        const record: CacheMountRecord = { version: 1, id, createdAt: ctx.now().toISOString() };
        writeJsonAtomic(recordPath(ctx, name), record, { durable: false });
      }
      renameSync(path, target);
    } finally {
      making.release();
    }
  }
}

function isRecord(value: unknown): value is CacheMountRecord {
  const record = value as CacheMountRecord | undefined;
  return record?.version === 1 && typeof record.id === 'string' && typeof record.createdAt === 'string';
}
