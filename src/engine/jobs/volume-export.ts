// The files of a volume as a tar archive on descriptor 3, which the front opened: its user's rights are what counts there. Owners are those that
// containers see.
import type { VolumeExportJob } from '../../runtime/messages-volume.ts';
import { tarTree } from '../../storage/tar-tree.ts';
import { closeFd } from '../../sys/at.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, errnoOf, messageOf } from '../../sys/errors.ts';
import { dieWithParent } from '../../sys/process.ts';
import { SIGKILL } from '../../sys/signals.ts';
import { writeFully } from '../../sys/write-fully.ts';
import type { FileTools } from './tools.ts';
import { assertStillThere, openFolder } from './volume-copy.ts';

const OUTPUT = 3;
const TURN_MS = 50;

/** Throws ERR_VOLUME_COPY for a file that cannot be read, and the errno of a failed write. */
export async function exportVolume(ctx: Ctx, { from, volume }: VolumeExportJob, { signal }: Pick<FileTools, 'signal'>): Promise<null> {
  // A reader that takes nothing holds us in the middle of a write, where we would not hear that the front has died.
  dieWithParent(SIGKILL);
  const folder = openFolder(from);
  try {
    const failure = (name: string, error: unknown): Error =>
      new EngineError(
        'ERR_VOLUME_COPY',
        `Cannot read "${Buffer.from(name, 'latin1')}" of the volume "${volume}": ${errnoOf(error) ?? messageOf(error)}`,
        {
          cause: error,
        },
      );
    let turn = performance.now();
    for (const chunk of tarTree({ folder, base: '.', name: '.', isExact: true, onNotice: ctx.warn, failure })) {
      writeFully(OUTPUT, chunk);
      if (performance.now() - turn < TURN_MS) continue;
      await Bun.sleep(0);
      signal.throwIfAborted();
      turn = performance.now();
    }
    assertStillThere(folder, from);
  } finally {
    closeFd(folder);
  }
  return null;
}
