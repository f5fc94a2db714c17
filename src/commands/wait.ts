// `skiff wait`
import { Command, type Parsed } from '../cli/command.ts';
import { forEachName, MANY_AT_ONCE } from '../cli/each.ts';
import { waitContainer } from '../engine/wait.ts';

export default class Wait extends Command {
  static override description = 'Block until one or more containers stop, then print their exit codes';
  static override usage = 'wait CONTAINER [CONTAINER...]';
  static override aliases = ['container:wait'];
  static override examples = ['skiff wait job'];
  static override minArgs = 1;

  async run({ ctx, args, io }: Parsed): Promise<number | undefined> {
    return forEachName({ ctx, args, io }, async (name) => String(await waitContainer(ctx, name)), { atOnce: MANY_AT_ONCE });
  }
}
