// A volume's files that are being made anew: in `tmp/volume-data-*/_data`, under a claim, so that nothing of it counts before it is whole and on
// the disk. Then it becomes a volume, a snapshot, or takes the place of a volume's files, each by one rename. What a kill leaves is garbage.
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolderDurably, syncFolder, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { exchange, renameToNew } from '../sys/exchange.ts';
import { randomHex } from '../sys/random.ts';
import { claim, withStoreLock } from './claim.ts';
import { tmpDir, volumeDir, volumesDir } from './layout.ts';
import type { SnapshotRecord, VolumeRecord } from './records.ts';
import { deleteTree } from './sweep.ts';
import { syncFileSystem } from './sync.ts';
import { noteReplaced } from './trash.ts';
import { recordVolumeEvent, volumeData } from './volume.ts';
import { snapshotDir, snapshotsDir } from './volume-snapshots.ts';
import { whileAtRest } from './volume-users.ts';

type HasPaths = Pick<Ctx, 'paths'>;

export interface VolumeMaking {
  /** The folder to be filled. */
  readonly data: string;
  /** False when the name is taken by then. */
  asVolume(record: VolumeRecord): boolean;
  /** False when the name is taken by then, or the volume is gone. */
  asSnapshot(volume: string, record: SnapshotRecord): boolean;
  /**
   * In the place of the volume's files, which go to the folder `keptIn` of the trash if there are any by then, or for good. Throws what `inUse`
   * makes of the ids of containers that run with them, and ENOENT when the volume is gone.
   */
  asData(volume: string, options: { keptIn?: string | undefined; inUse: (ids: string[]) => Error }): void;
  /** Removes what is left. */
  end(): void;
}

/** What a filling that was interrupted wants to move into a volume: not into other files than those it was made for. */
const UNFINISHED_FILLING = '.skiff-filled';

export function beginVolumeMaking(ctx: HasPaths): VolumeMaking {
  const name = `volume-data-${randomHex(8)}`;
  const hold = claim(ctx, name);
  const folder = join(tmpDir(ctx), name);
  const data = join(folder, '_data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  chmodSync(data, 0o755);

  return { data, asVolume, asSnapshot, asData, end };

  function sync(): void {
    const fd = openSync(data, 'r');
    try {
      syncFileSystem(fd);
    } finally {
      closeSync(fd);
    }
  }

  function asVolume(record: VolumeRecord): boolean {
    writeJsonAtomic(join(folder, 'volume.json'), record);
    sync();
    mkdirSync(volumesDir(ctx), { recursive: true, mode: 0o700 });
    const isNew = withStoreLock(ctx, () => renamed(folder, volumeDir(ctx, record.Name)));
    if (!isNew) return false;
    syncFolder(volumesDir(ctx));
    recordVolumeEvent(ctx, 'create', record.Name);
    return true;
  }

  function asSnapshot(volume: string, record: SnapshotRecord): boolean {
    writeJsonAtomic(join(folder, 'snapshot.json'), record);
    sync();
    return withStoreLock(ctx, () => {
      if (!existsSync(volumeData(ctx, volume))) return false;
      makeFolderDurably(snapshotsDir(ctx, volume));
      if (!renamed(folder, snapshotDir(ctx, volume, record.Name))) return false;
      syncFolder(snapshotsDir(ctx, volume));
      return true;
    });
  }

  function asData(volume: string, { keptIn, inUse }: { keptIn?: string | undefined; inUse: (ids: string[]) => Error }): void {
    sync();
    const change = (): void => {
      const current = volumeData(ctx, volume);
      // Asked now and not before the files were made, which takes its time: a container may have come, written, and gone.
      const trash = readdirSync(current).length > 0 ? keptIn : undefined;
      const aside = trash === undefined ? folder : join(trash, volume);
      if (trash !== undefined) {
        noteReplaced(folder, current);
        makeFolderDurably(trash);
        renameSync(folder, aside);
        syncFolder(trash);
      }
      exchange(join(aside, '_data'), current);
      if (trash !== undefined) syncFolder(aside);
      rmSync(join(volumeDir(ctx, volume), UNFINISHED_FILLING), { recursive: true, force: true });
      syncFolder(volumeDir(ctx, volume));
    };
    whileAtRest(ctx, volume, { change, inUse });
  }

  function end(): void {
    deleteTree(folder);
    hold?.release();
  }
}

function renamed(from: string, to: string): boolean {
  try {
    renameToNew(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' || errnoOf(error) === 'ENOTEMPTY') return false;
    throw error;
  }
}
