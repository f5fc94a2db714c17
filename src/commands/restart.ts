// `skiff restart`: stop, then start.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { forEachName, SOME_AT_ONCE } from '../cli/each.ts';
import { restartContainer } from '../engine/restart.ts';

export default class Restart extends Command {
  static override description = 'Restart one or more containers';
  static override usage = 'restart [OPTIONS] CONTAINER [CONTAINER...]';
  static override aliases = ['container:restart'];
  static override examples = ['skiff restart web', 'skiff restart -t 2 web'];
  static override minArgs = 1;
  static override flags = {
    signal: flag.string({ char: 's', description: 'Signal to send to the container' }),
    timeout: flag.integer({ char: 't', aliases: ['time'], description: 'Seconds to wait before killing the container' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Restart.flags>): Promise<number | undefined> {
    const { signal, timeout } = flags;
    const options = { ...(signal === undefined ? {} : { signal }), ...(timeout === undefined ? {} : { timeoutSeconds: timeout }) };
    return forEachName(
      { ctx, args, io },
      async (name) => {
        await restartContainer(ctx, name, options);
        return name;
      },
      { atOnce: SOME_AT_ONCE },
    );
  }
}
