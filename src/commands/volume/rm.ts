// `skiff volume rm`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { forEachName } from '../../cli/each.ts';
import { tellOfTrash } from '../../cli/trash-notice.ts';
import { removeVolumeNamed } from '../../engine/remove-volume.ts';
import { expireTrash, trashFor } from '../../engine/trash.ts';

export default class VolumeRm extends Command {
  static override description = 'Remove one or more volumes. You cannot remove a volume that is in use by a container';
  static override usage = 'volume rm [OPTIONS] VOLUME [VOLUME...]';
  static override aliases = ['volume:remove'];
  static override examples = ['skiff volume rm data', 'skiff volume rm --purge data cache'];
  static override minArgs = 1;
  static override flags = {
    force: flag.boolean({ char: 'f', description: 'Force the removal of one or more volumes' }),
    purge: flag.boolean({ description: 'Delete the files now: no trash, no "system undo"' }),
  };

  async run({ ctx, flags: { force, purge }, args, io }: Parsed<typeof VolumeRm.flags>): Promise<number> {
    const keptIn = trashFor(ctx, { purge });
    let kept = 0;
    const remove = async (name: string): Promise<string> => {
      await removeVolumeNamed(ctx, name, { force, keptIn });
      if (keptIn !== undefined) kept++;
      return name;
    };
    const code = await forEachName({ ctx, args, io }, remove);
    tellOfTrash(io, kept);
    await expireTrash(ctx);
    return code;
  }
}
