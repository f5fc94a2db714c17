// Puts the files of a volume back that a restore or an import replaced.
import type { VolumePutBackJob } from '../../runtime/messages-volume.ts';
import { putBack } from '../../storage/trash.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { volumeInUse } from '../volume-errors.ts';

/** Throws ERR_VOLUME_IN_USE while a container runs with it, ERR_NO_SUCH_VOLUME. */
export async function putVolumeBack(ctx: Ctx, { removal, volume }: VolumePutBackJob): Promise<null> {
  const inUse = (ids: string[]): EngineError =>
    volumeInUse(`undo ${volume}`, ids, 'Its files cannot be replaced while containers run with them: stop those first');
  try {
    putBack(ctx, { id: removal }, { volume, inUse });
    return null;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new EngineError('ERR_NO_SUCH_VOLUME', `Cannot put back the files of the volume "${volume}": there is no such volume any more`, {
      hint: `Make one of that name, and undo again: skiff volume create ${volume}`,
      cause: error,
    });
  }
}
