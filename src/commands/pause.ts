// `skiff pause`
import { Command, type Parsed } from '../cli/command.ts';
import { forEachName, MANY_AT_ONCE } from '../cli/each.ts';
import { pauseContainer } from '../engine/pause.ts';

export default class Pause extends Command {
  static override description = 'Pause all processes within one or more containers';
  static override usage = 'pause CONTAINER [CONTAINER...]';
  static override aliases = ['container:pause'];
  static override examples = ['skiff pause web', 'skiff pause web db'];
  static override minArgs = 1;

  async run({ ctx, args, io }: Parsed): Promise<number | undefined> {
    return forEachName(
      { ctx, args, io },
      async (name) => {
        await pauseContainer(ctx, name);
        return name;
      },
      { atOnce: MANY_AT_ONCE },
    );
  }
}
