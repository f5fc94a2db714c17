// `skiff kill`
import { Command, flag, type Parsed } from '../cli/command.ts';
import { forEachName, MANY_AT_ONCE } from '../cli/each.ts';
import { killContainer } from '../engine/stop.ts';

export default class Kill extends Command {
  static override description = 'Kill one or more running containers';
  static override usage = 'kill [OPTIONS] CONTAINER [CONTAINER...]';
  static override aliases = ['container:kill'];
  static override examples = ['skiff kill web', 'skiff kill -s HUP web'];
  static override minArgs = 1;
  static override flags = {
    signal: flag.string({ char: 's', description: 'Signal to send to the container (default KILL)' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Kill.flags>): Promise<number | undefined> {
    return forEachName(
      { ctx, args, io },
      async (name) => {
        await killContainer(ctx, name, flags.signal);
        return name;
      },
      { atOnce: MANY_AT_ONCE },
    );
  }
}
