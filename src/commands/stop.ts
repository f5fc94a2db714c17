// `skiff stop`
import { Command, flag, type Parsed } from '../cli/command.ts';
import { forEachName, MANY_AT_ONCE } from '../cli/each.ts';
import { stopContainer } from '../engine/stop.ts';

export default class Stop extends Command {
  static override description = 'Stop one or more running containers';
  static override usage = 'stop [OPTIONS] CONTAINER [CONTAINER...]';
  static override aliases = ['container:stop'];
  static override examples = ['skiff stop web', 'skiff stop -t 2 web db'];
  static override minArgs = 1;
  static override flags = {
    signal: flag.string({ char: 's', description: 'Signal to send to the container' }),
    timeout: flag.integer({ char: 't', aliases: ['time'], description: 'Seconds to wait before killing the container' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Stop.flags>): Promise<number | undefined> {
    const { signal, timeout } = flags;
    const options = { ...(signal === undefined ? {} : { signal }), ...(timeout === undefined ? {} : { timeoutSeconds: timeout }) };
    return forEachName(
      { ctx, args, io },
      async (name) => {
        await stopContainer(ctx, name, options);
        return name;
      },
      { atOnce: MANY_AT_ONCE },
    );
  }
}
