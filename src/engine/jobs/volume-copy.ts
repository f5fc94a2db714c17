// Copies the files of a volume or a snapshot, as root of the namespace, beside everything that counts; what they become is one rename at the end.
import type { VolumeCopyJob, VolumeTarget } from '../../runtime/messages-volume.ts';
import { copyTree, TreeCopyError } from '../../storage/tree-copy.ts';
import { measureTree } from '../../storage/tree-measure.ts';
import { beginVolumeMaking, type VolumeMaking } from '../../storage/volume-making.ts';
import { closeFd } from '../../sys/at.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, errnoOf, isDiskFull, messageOf } from '../../sys/errors.ts';
import { openPlace, reopenFolder, statFd } from '../../sys/look-at.ts';
import { snapshotExists, volumeExists, volumeInUse } from '../volume-errors.ts';
import type { FileTools } from './tools.ts';

/** How often progress is told, ms. */
const TELL_MS = 100;

/** Throws ERR_VOLUME_EXISTS, ERR_NO_SUCH_VOLUME, ERR_VOLUME_IN_USE, ERR_VOLUME_COPY, and ENOSPC or EDQUOT. Nothing is changed then. */
export async function copyVolume(
  ctx: Ctx,
  { from, target }: VolumeCopyJob,
  tools: Pick<FileTools, 'tellProgress' | 'signal'>,
): Promise<null> {
  const source = openFolder(from);
  try {
    await makeVolumeFiles(ctx, target, async (data) => {
      await copyFiles(source, data, tools);
      assertStillThere(source, from);
    });
  } finally {
    closeFd(source);
  }
  return null;
}

/** Runs `fill` with the path of an empty folder, and makes it what `target` says. Throws as `copyVolume`, and what `fill` throws. */
export async function makeVolumeFiles(ctx: Ctx, target: VolumeTarget, fill: (data: string) => Promise<void>): Promise<void> {
  const making = beginVolumeMaking(ctx);
  try {
    await fill(making.data);
    put(making, target);
  } finally {
    making.end();
  }
}

/** Copies what is in the open folder `source` into the folder `data`. */
export async function copyFiles(
  source: number,
  data: string,
  { tellProgress, signal }: Pick<FileTools, 'tellProgress' | 'signal'>,
): Promise<void> {
  const total = measureTree(source).bytes;
  let toldMs = performance.now();
  const onProgress = ({ bytes }: { bytes: number }): void => {
    if (performance.now() - toldMs < TELL_MS) return;
    tellProgress(bytes, Math.max(total, bytes));
    toldMs = performance.now();
  };
  const copy = openFolder(data);
  try {
    await copyTree(source, copy, { onProgress, signal });
  } catch (error) {
    if (!(error instanceof TreeCopyError)) throw error;
    if (isDiskFull(error)) throw Object.assign(new Error(messageOf(error), { cause: error }), { code: error.code });
    throw new EngineError('ERR_VOLUME_COPY', `Cannot copy the file "${error.path}": ${error.code ?? messageOf(error)}`, { cause: error });
  } finally {
    closeFd(copy);
  }
}

function put(making: VolumeMaking, target: VolumeTarget): void {
  switch (target.to) {
    case 'volume':
      if (!making.asVolume(target.record)) throw volumeExists(target.record.Name);
      break;
    case 'snapshot':
      if (!making.asSnapshot(target.volume, target.record)) throw snapshotExists(target.volume, target.record.Name);
      break;
    case 'data':
      try {
        making.asData(target.volume, { keptIn: target.keptIn, inUse: (ids) => volumeInUse(target.verb, ids, STOP) });
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
        throw new EngineError('ERR_NO_SUCH_VOLUME', `get ${target.volume}: no such volume`, {
          hint: 'It was removed meanwhile',
          cause: error,
        });
      }
      break;
    default:
      target satisfies never;
  }
}

const STOP = 'Its files cannot be replaced while containers run with them: stop those first';

/** What is deleted under our hands would be missing from what we read, as if it had never been. Throws ERR_NO_SUCH_VOLUME. */
export function assertStillThere(source: number, from: string): void {
  const isSame = (): boolean => {
    const there = openPlace(from);
    try {
      return statFd(there).identity === statFd(source).identity;
    } finally {
      closeFd(there);
    }
  };
  try {
    if (isSame()) return;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  throw new EngineError('ERR_NO_SUCH_VOLUME', 'The files were removed or replaced while they were read', {
    hint: 'Give the command again',
  });
}

/** For reading. The path is ours, or one that the user gave a volume for its files: symlinks are followed. */
export function openFolder(path: string): number {
  const place = openPlace(path);
  try {
    return reopenFolder(place);
  } finally {
    closeFd(place);
  }
}
