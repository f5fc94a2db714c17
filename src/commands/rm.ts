// `skiff rm`
import { Command, flag, type Parsed } from '../cli/command.ts';
import { forEachName } from '../cli/each.ts';
import { removeContainer } from '../engine/remove.ts';
import { EngineError } from '../sys/errors.ts';

export default class Rm extends Command {
  static override description = 'Remove one or more containers';
  static override usage = 'rm [OPTIONS] CONTAINER [CONTAINER...]';
  static override aliases = ['container:rm', 'container:remove'];
  static override examples = ['skiff rm web', 'skiff rm -fv web db'];
  static override minArgs = 1;
  static override flags = {
    force: flag.boolean({ char: 'f', description: 'Force the removal of a running container (uses SIGKILL)' }),
    volumes: flag.boolean({ char: 'v', description: 'Remove anonymous volumes associated with the container' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Rm.flags>): Promise<number | undefined> {
    return forEachName({ ctx, args, io }, async (name) => {
      try {
        await removeContainer(ctx, name, flags);
      } catch (error) {
        // As Docker: what is not there need not be removed by force.
        if (!flags.force || !(error instanceof EngineError) || error.code !== 'ERR_NO_SUCH_CONTAINER') throw error;
        io.err(`skiff: ${error.message}\n`);
        return undefined;
      }
      return name;
    });
  }
}
