// `skiff rm`
import { Command, flag, type Parsed } from '../cli/command.ts';
import { forEachName, SOME_AT_ONCE } from '../cli/each.ts';
import { refused } from '../cli/refused.ts';
import { removeContainer } from '../engine/remove.ts';
import type { EngineError } from '../sys/errors.ts';

export default class Rm extends Command {
  static override description = 'Remove one or more containers';
  static override usage = 'rm [OPTIONS] CONTAINER [CONTAINER...]';
  static override aliases = ['container:rm', 'container:remove'];
  static override examples = ['skiff rm web', 'skiff rm -fv web db'];
  static override minArgs = 1;
  static override flags = {
    force: flag.boolean({ char: 'f', description: 'Force the removal of a running container (uses SIGKILL)' }),
    link: refused('not supported: there are no links between containers', { char: 'l', isSwitch: true }),
    volumes: flag.boolean({ char: 'v', description: 'Remove anonymous volumes associated with the container' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Rm.flags>): Promise<number | undefined> {
    // As Docker: what is not there need not be removed by force.
    const isForgiven = (error: EngineError): boolean => (flags.force ?? false) && error.code === 'ERR_NO_SUCH_CONTAINER';
    const remove = async (name: string): Promise<string> => {
      await removeContainer(ctx, name, flags);
      return name;
    };
    return forEachName({ ctx, args, io }, remove, { atOnce: SOME_AT_ONCE, isForgiven });
  }
}
