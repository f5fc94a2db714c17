// `skiff volume import`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { volumeWork } from '../../cli/volume-work.ts';
import { trashFor } from '../../engine/trash.ts';
import { importVolume } from '../../engine/volume-archive.ts';
import { EngineError } from '../../sys/errors.ts';

export default class VolumeImport extends Command {
  static override description = 'Put the files of a tar archive into a volume, which is made if it is not there';
  static override usage = 'volume import [OPTIONS] VOLUME [FILE|-]';
  static override examples = ['skiff volume import data data.tar.zst', 'podman volume export data | skiff volume import data -'];
  static override minArgs = 1;
  static override maxArgs = 2;
  static override flags = {
    purge: flag.boolean({ description: 'Delete the files that it has now: no trash, no "system undo"' }),
    replace: flag.boolean({ description: 'Keep no file that the archive does not have' }),
  };

  async run({
    ctx,
    flags: { purge, replace },
    args: [name = '', source = '-'],
    io,
  }: Parsed<typeof VolumeImport.flags>): Promise<undefined> {
    if (source === '-' && io.stdinIsTerminal) {
      throw new EngineError('ERR_TERMINAL', 'requested import from stdin, but stdin is a terminal', {
        hint: 'Name an archive, or redirect one to it',
      });
    }
    const keptIn = trashFor(ctx, { purge });
    await volumeWork(io, `Importing ${name}`, (tools) => importVolume(ctx, name, { source, replace, keptIn, ...tools }));
    io.out(`${name}\n`);
  }
}
