// `skiff network connect`: running and stopped containers.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { commaFlag } from '../../cli/flags-map.ts';
import { refused } from '../../cli/refused.ts';
import { addressOf, driverOption, linkLocalAddress, macAddress, networkAlias } from '../../engine/create/network-spec.ts';
import { connectNetwork } from '../../engine/network-connect.ts';

export default class NetworkConnect extends Command {
  static override description = 'Connect a container to a network';
  static override usage = 'network connect [OPTIONS] NETWORK CONTAINER';
  static override examples = ['skiff network connect app web', 'skiff network connect --ip 172.28.5.9 --alias db lab postgres'];
  static override minArgs = 2;
  static override maxArgs = 2;
  static override flags = {
    alias: commaFlag(networkAlias, { description: 'Add network-scoped alias for the container' }),
    'driver-opt': commaFlag(driverOption, { description: 'driver options for the network' }),
    'gw-priority': flag.integer({ description: 'Highest gw-priority provides the default gateway. Accepts positive and negative values' }),
    ip: flag.custom({ description: 'IPv4 address (e.g., "172.30.100.104")', parse: (text) => addressOf(4, text) }),
    ip6: flag.custom({ description: 'IPv6 address (e.g., "2001:db8::33")', parse: (text) => addressOf(6, text) }),
    link: refused('not supported: containers on one network find each other by name; give the other one an --alias'),
    'link-local-ip': commaFlag(linkLocalAddress, { description: 'Add a link-local address for the container' }),
    'mac-address': flag.custom({ description: 'Hardware address of the container on this network', parse: macAddress }),
  };

  async run({ ctx, flags, args: [target = '', container = ''] }: Parsed<typeof NetworkConnect.flags>): Promise<number | undefined> {
    await connectNetwork(ctx, container, {
      target,
      aliases: flags.alias.flat(),
      linkLocalIps: flags['link-local-ip'].flat(),
      driverOpts: Object.assign({}, ...flags['driver-opt'].flat()),
      ...(flags.ip ? { ip: flags.ip } : {}),
      ...(flags.ip6 ? { ip6: flags.ip6 } : {}),
      ...(flags['mac-address'] ? { mac: flags['mac-address'] } : {}),
      ...(flags['gw-priority'] === undefined ? {} : { gwPriority: flags['gw-priority'] }),
    });
    return undefined;
  }
}
