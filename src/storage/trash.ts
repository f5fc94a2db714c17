// The trash: what `volume rm` and the prunes took away lies in `trash/<removal>/<volume>/`, whole, until it is brought back, too old, or in
// the way. A removal is one command's; its name begins with its time and sorts by it. Each volume goes in and out by one rename: whoever
// dies on the way leaves it on one of the two sides. An empty removal means nothing. Of a volume whose files were replaced (`restore`, `import`)
// the files alone are there, with a note of which folder they were: they change places with what replaces them in one step, so whoever dies
// before or after it leaves a note that says whether what lies there is to be brought back.
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, syncFolder, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { exchange } from '../sys/exchange.ts';
import { randomHex } from '../sys/random.ts';
import { withStoreLock } from './claim.ts';
import { tmpDir, trashDir, volumeDir, volumesDir } from './layout.ts';
import { recordVolumeEvent, volumeData } from './volume.ts';
import { whileAtRest } from './volume-users.ts';

type HasPaths = Pick<Ctx, 'paths'>;

export interface Removal {
  /** Its folder's name. */
  id: string;
  removedAt: Date;
  /** Names, sorted. */
  volumes: string[];
}

const ID = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{8}$/;

/** A folder for one removal, which is made when something comes into it. */
export function newRemoval(ctx: Pick<Ctx, 'paths' | 'now'>): string {
  return join(trashDir(ctx), `${ctx.now().toISOString().replace(/[-:.]/g, '')}-${randomHex(4)}`);
}

/** What there is to bring back, the latest removal first. */
export function listRemovals(ctx: HasPaths): Removal[] {
  return namesIn(trashDir(ctx))
    .toReversed()
    .flatMap((id) => {
      const removedAt = timeOf(id);
      const volumes = removedAt ? namesIn(join(trashDir(ctx), id)).filter((name) => isWanted(join(trashDir(ctx), id, name))) : [];
      return removedAt && volumes.length > 0 ? [{ id, removedAt, volumes }] : [];
    });
}

const removedVolume = (ctx: HasPaths, { id }: Pick<Removal, 'id'>, name: string): string => join(trashDir(ctx), id, name);

const NOTE = 'replaced.json';

/** Notes in `folder`, which is to go into the trash, that it holds the files of `data` once the two have changed places. */
export function noteReplaced(folder: string, data: string): void {
  writeJsonAtomic(join(folder, NOTE), { version: 1, folder: identityOf(data) });
}

// A folder keeps its number wherever it is renamed to.
const identityOf = (folder: string): string => String(statSync(folder).ino);

// Otherwise it is what replaced them: of a restore that was killed, or undone.
function isWanted(removed: string): boolean {
  const note = readJson(join(removed, NOTE)) as { folder?: unknown } | undefined;
  try {
    return note === undefined || note.folder === identityOf(join(removed, '_data'));
  } catch {
    return false;
  }
}

/** The volume whose files alone were replaced, where the removal is one of those. */
export function replacedIn(ctx: HasPaths, removal: Removal): string | undefined {
  return removal.volumes.find((name) => existsSync(join(removedVolume(ctx, removal, name), NOTE)));
}

/**
 * Puts the files of a volume back that were replaced, and those that replaced them into the trash, from which nobody but their age takes
 * them. Throws ENOENT when the volume is gone, and as `whileAtRest`.
 */
export function putBack(
  ctx: HasPaths,
  removal: Pick<Removal, 'id'>,
  { volume, inUse }: { volume: string; inUse: (ids: string[]) => Error },
): void {
  const kept = removedVolume(ctx, removal, volume);
  const change = (): void => {
    exchange(join(kept, '_data'), volumeData(ctx, volume));
    syncFolder(volumeDir(ctx, volume));
    syncFolder(kept);
  };
  whileAtRest(ctx, volume, { change, inUse });
}

/** Brings a removal's volumes back; with names that are taken it brings back none, and returns those names. */
export function bringBack(ctx: HasPaths, { id, volumes }: Removal): string[] {
  return withStoreLock(ctx, () => {
    const there = new Set(namesIn(volumesDir(ctx)));
    const taken = volumes.filter((name) => there.has(name));
    if (taken.length > 0) return taken;
    mkdirSync(volumesDir(ctx), { recursive: true, mode: 0o700 });
    for (const name of volumes) {
      renameSync(removedVolume(ctx, { id }, name), volumeDir(ctx, name));
      recordVolumeEvent(ctx, 'create', name);
    }
    syncFolder(volumesDir(ctx));
    syncFolder(join(trashDir(ctx), id));
    dropIfEmpty(join(trashDir(ctx), id));
    return [];
  });
}

/**
 * Takes removals out of the trash for good: those from before `before`, or all. Returns the folders that are left to be deleted by who can;
 * if we die, a sweep deletes them.
 */
export function detachRemovals(ctx: HasPaths, before?: Date): string[] {
  return withStoreLock(ctx, () => {
    mkdirSync(tmpDir(ctx), { recursive: true, mode: 0o700 });
    return namesIn(trashDir(ctx)).flatMap((id) => {
      const time = timeOf(id);
      if (before !== undefined && (time === undefined || time >= before)) return [];
      const grave = join(tmpDir(ctx), `removed-trash-${randomHex(8)}`);
      renameSync(join(trashDir(ctx), id), grave);
      return [grave];
    });
  });
}

function timeOf(id: string): Date | undefined {
  const [, year, month, day, hour, minute, second, ms] = ID.exec(id) ?? [];
  return year === undefined ? undefined : new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
}

function dropIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something is in it, or it is gone.
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}
