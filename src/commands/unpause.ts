// `skiff unpause`
import { Command, type Parsed } from '../cli/command.ts';
import { forEachName, MANY_AT_ONCE } from '../cli/each.ts';
import { unpauseContainer } from '../engine/pause.ts';

export default class Unpause extends Command {
  static override description = 'Unpause all processes within one or more containers';
  static override usage = 'unpause CONTAINER [CONTAINER...]';
  static override aliases = ['container:unpause'];
  static override examples = ['skiff unpause web', 'skiff unpause web db'];
  static override minArgs = 1;

  async run({ ctx, args, io }: Parsed): Promise<number | undefined> {
    return forEachName(
      { ctx, args, io },
      async (name) => {
        await unpauseContainer(ctx, name);
        return name;
      },
      { atOnce: MANY_AT_ONCE },
    );
  }
}
