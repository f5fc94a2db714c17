// `skiff create`: makes a container, prints its id, starts nothing.
import { Command, type Parsed } from '../cli/command.ts';
import { containerFlags } from '../cli/container-flags.ts';
import { makeContainer } from '../cli/make-container.ts';

export default class Create extends Command {
  static override description = 'Create a new container';
  static override usage = 'create [OPTIONS] IMAGE [COMMAND] [ARG...]';
  static override aliases = ['container:create'];
  static override examples = ['skiff create --name web -p 8080:80 nginx', 'skiff create -it alpine sh'];
  static override minArgs = 1;
  static override stopAtFirstArgument = true;
  static override errorExitCode = 125;
  static override flags = containerFlags;

  async run({ ctx, flags, args, io }: Parsed<typeof Create.flags>): Promise<number | undefined> {
    const { id } = await makeContainer({ ctx, flags, args, io, detach: false, startsNow: false });
    io.out(`${id}\n`);
    return 0;
  }
}
