// `skiff volume clone`
import { Command, type Parsed } from '../../cli/command.ts';
import { pauseFlag } from '../../cli/flags-volume.ts';
import { volumeWork } from '../../cli/volume-work.ts';
import { cloneVolume } from '../../engine/volume-copies.ts';

export default class VolumeClone extends Command {
  static override description = 'Make a new volume with the files of another one';
  static override usage = 'volume clone [OPTIONS] VOLUME NEW_VOLUME';
  static override examples = ['skiff volume clone data data-test', 'skiff volume clone --pause data data-test'];
  static override minArgs = 2;
  static override maxArgs = 2;
  static override flags = pauseFlag;

  async run({ ctx, flags, args: [from = '', to = ''], io }: Parsed<typeof pauseFlag>): Promise<undefined> {
    await volumeWork(io, `Cloning ${from}`, (tools) => cloneVolume(ctx, from, to, { ...flags, ...tools }));
    io.out(`${to}\n`);
  }
}
