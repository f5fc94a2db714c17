// `skiff secret rm`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { forEachName } from '../../cli/each.ts';
import { listSecrets, removeSecret } from '../../engine/secret.ts';
import { EngineError } from '../../sys/errors.ts';

export default class SecretRm extends Command {
  static override description = 'Remove one or more secrets; containers that were given them keep them';
  static override usage = 'secret rm [OPTIONS] SECRET [SECRET...]';
  static override aliases = ['secret:remove'];
  static override examples = ['skiff secret rm password', 'skiff secret rm --all'];
  static override flags = {
    all: flag.boolean({ char: 'a', description: 'Remove all secrets' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof SecretRm.flags>): Promise<number | undefined> {
    if (flags.all === args.length > 0) {
      throw new EngineError('ERR_USAGE', flags.all ? 'Names cannot be given together with --all' : 'A name is needed, or --all', {
        hint: 'skiff secret rm SECRET [SECRET...], or skiff secret rm --all',
      });
    }
    const names = flags.all ? listSecrets(ctx).map(({ ID }) => ID) : args;
    return forEachName({ ctx, args: names, io }, async (name) => removeSecret(ctx, name));
  }
}
