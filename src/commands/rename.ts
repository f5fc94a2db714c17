// `skiff rename`
import { Command, type Parsed } from '../cli/command.ts';
import { renameContainer } from '../engine/rename.ts';

export default class Rename extends Command {
  static override description = 'Rename a container';
  static override usage = 'rename CONTAINER NEW_NAME';
  static override aliases = ['container:rename'];
  static override examples = ['skiff rename web old-web'];
  static override minArgs = 2;
  static override maxArgs = 2;

  async run({ ctx, args }: Parsed): Promise<number | undefined> {
    await renameContainer(ctx, args[0] ?? '', args[1] ?? '');
    return 0;
  }
}
