// `skiff volume restore`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { tellOfTrash } from '../../cli/trash-notice.ts';
import { volumeWork } from '../../cli/volume-work.ts';
import { trashFor } from '../../engine/trash.ts';
import { restoreVolume } from '../../engine/volume-copies.ts';

export default class VolumeRestore extends Command {
  static override description = 'Give a volume the files of one of its snapshots';
  static override usage = 'volume restore [OPTIONS] VOLUME SNAPSHOT';
  static override examples = ['skiff volume restore data before-upgrade'];
  static override minArgs = 2;
  static override maxArgs = 2;
  static override flags = {
    purge: flag.boolean({ description: 'Delete the files that it has now: no trash, no "system undo"' }),
  };

  async run({ ctx, flags: { purge }, args: [volume = '', snapshot = ''], io }: Parsed<typeof VolumeRestore.flags>): Promise<undefined> {
    const keptIn = trashFor(ctx, { purge });
    await volumeWork(io, `Restoring ${volume}`, (tools) => restoreVolume(ctx, volume, { snapshot, keptIn, ...tools }));
    io.out(`${volume}\n`);
    if (keptIn !== undefined) tellOfTrash(io, 1);
  }
}
