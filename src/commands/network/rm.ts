// `skiff network rm`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { forEachName } from '../../cli/each.ts';
import { isNoSuchNetwork, removeNetwork } from '../../engine/networks.ts';

export default class NetworkRm extends Command {
  static override description = 'Remove one or more networks';
  static override usage = 'network rm NETWORK [NETWORK...]';
  static override aliases = ['network:remove'];
  static override examples = ['skiff network rm app', 'skiff network rm $(skiff network ls -q --filter type=custom)'];
  static override minArgs = 1;
  static override flags = {
    force: flag.boolean({ char: 'f', description: 'Do not error if the network does not exist' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof NetworkRm.flags>): Promise<number | undefined> {
    return forEachName({ ctx, args, io }, async (name) => {
      try {
        await removeNetwork(ctx, name);
        return name;
      } catch (error) {
        if (flags.force && isNoSuchNetwork(error)) return undefined;
        throw error;
      }
    });
  }
}
