// `skiff start`: several in the background, or one attached.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { forEachName } from '../cli/each.ts';
import { attachAndFollow } from '../cli/follow.ts';
import { refused } from '../cli/refused.ts';
import { startContainer } from '../engine/start.ts';
import { EngineError } from '../sys/errors.ts';

export default class Start extends Command {
  static override description = 'Start one or more stopped containers';
  static override usage = 'start [OPTIONS] CONTAINER [CONTAINER...]';
  static override aliases = ['container:start'];
  static override examples = ['skiff start web', 'skiff start -ai shell'];
  static override minArgs = 1;
  static override flags = {
    checkpoint: refused('not possible without root'),
    'checkpoint-dir': refused('not possible without root'),
    attach: flag.boolean({ char: 'a', description: 'Attach STDOUT/STDERR and forward signals' }),
    interactive: flag.boolean({ char: 'i', description: "Attach container's STDIN" }),
    'detach-keys': flag.string({ description: 'Override the key sequence for detaching a container' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Start.flags>): Promise<number | undefined> {
    if (!flags.attach && !flags.interactive) {
      return forEachName({ ctx, args, io }, async (name) => {
        await startContainer(ctx, name);
        return name;
      });
    }
    if (args.length > 1) throw new EngineError('ERR_USAGE', 'You cannot start and attach multiple containers at once');
    try {
      return await attachAndFollow(ctx, io, args[0] ?? '', {
        start: true,
        stdin: flags.interactive ?? false,
        detachKeys: flags['detach-keys'],
        signals: true,
      });
    } catch (error) {
      throw error instanceof EngineError ? asRefusal(error) : error;
    }
  }
}

/** As Docker: 125 to 127 are for `run`; a `start` that fails ends with 1. */
function asRefusal(error: EngineError): EngineError {
  const { code, message, hint, cause } = error;
  return new EngineError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
}
