// `skiff volume rename`
import { Command, type Parsed } from '../../cli/command.ts';
import { renameVolumeTo } from '../../engine/volume-copies.ts';

export default class VolumeRename extends Command {
  static override description = 'Rename a volume that no container uses';
  static override usage = 'volume rename VOLUME NEW_NAME';
  static override examples = ['skiff volume rename data data-old'];
  static override minArgs = 2;
  static override maxArgs = 2;

  async run({ ctx, args: [from = '', to = ''] }: Parsed): Promise<undefined> {
    renameVolumeTo(ctx, from, to);
  }
}
