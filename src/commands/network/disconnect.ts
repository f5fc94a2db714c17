// `skiff network disconnect`: running and stopped containers.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { disconnectNetwork } from '../../engine/network-connect.ts';

export default class NetworkDisconnect extends Command {
  static override description = 'Disconnect a container from a network';
  static override usage = 'network disconnect [OPTIONS] NETWORK CONTAINER';
  static override examples = ['skiff network disconnect app web'];
  static override minArgs = 2;
  static override maxArgs = 2;
  static override flags = {
    force: flag.boolean({ char: 'f', description: 'Force the container to disconnect from a network' }),
  };

  async run({ ctx, flags, args: [network = '', container = ''] }: Parsed<typeof NetworkDisconnect.flags>): Promise<number | undefined> {
    await disconnectNetwork(ctx, network, { container, force: flags.force });
    return undefined;
  }
}
