// `skiff network create`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import * as values from '../../cli/container-values.ts';
import { commaFlag, mapFlag, mapOf } from '../../cli/flags-map.ts';
import { refused } from '../../cli/refused.ts';
import { createNetwork } from '../../engine/network-create.ts';

export default class NetworkCreate extends Command {
  static override description = 'Create a network';
  static override usage = 'network create [OPTIONS] NETWORK';
  static override examples = [
    'skiff network create app',
    'skiff network create --subnet 172.28.0.0/16 --ip-range 172.28.5.0/24 --gateway 172.28.5.254 lab',
    'skiff network create --internal --ipv6 -o com.docker.network.driver.mtu=1400 db',
  ];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = {
    attachable: flag.boolean({ description: 'Enable manual container attachment' }),
    'aux-address': mapFlag({ description: 'Auxiliary IPv4 or IPv6 addresses used by Network driver' }),
    'config-from': refused('not supported: give the options to each network itself'),
    'config-only': refused('not supported: give the options to each network itself', { isSwitch: true }),
    driver: flag.string({ char: 'd', description: 'Driver to manage the Network', default: 'bridge' }),
    gateway: commaFlag(asIs, { description: 'IPv4 or IPv6 Gateway for the master subnet' }),
    ingress: refused('not supported: there is no swarm', { isSwitch: true }),
    internal: flag.boolean({ description: 'Restrict external access to the network' }),
    'ip-range': commaFlag(asIs, { description: 'Allocate container ip from a sub-range' }),
    'ipam-driver': flag.string({ description: 'IP Address Management Driver', default: 'default' }),
    'ipam-opt': mapFlag({ description: 'Set IPAM driver specific options' }),
    ipv4: flag.boolean({ description: 'Enable or disable IPv4 address assignment', default: true }),
    ipv6: flag.boolean({ description: 'Enable or disable IPv6 address assignment' }),
    label: { ...flag.list({ description: 'Set metadata on a network' }), parse: values.label },
    opt: mapFlag({ char: 'o', description: 'Set driver specific options' }),
    scope: flag.custom({ description: "Control the network's scope (local)", parse: scope }),
    subnet: commaFlag(asIs, { description: 'Subnet in CIDR format that represents a network segment' }),
  };

  async run({ ctx, flags, args: [name = ''], io }: Parsed<typeof NetworkCreate.flags>): Promise<number | undefined> {
    const { Id } = await createNetwork(ctx, {
      name,
      driver: flags.driver,
      ipv4: flags.ipv4,
      ipv6: flags.ipv6,
      internal: flags.internal,
      attachable: flags.attachable,
      labels: mapOf(flags.label),
      options: Object.fromEntries(flags.opt),
      ipamDriver: flags['ipam-driver'],
      ipamOptions: Object.fromEntries(flags['ipam-opt']),
      subnets: flags.subnet.flat(),
      ranges: flags['ip-range'].flat(),
      gateways: flags.gateway.flat(),
      aux: Object.fromEntries(flags['aux-address']),
    });
    io.out(`${Id}\n`);
    return undefined;
  }
}

function scope(text: string): string {
  if (text === 'local') return text;
  throw new Error(`a network of the scope "${text}" needs a swarm: there is only "local"`);
}

function asIs(text: string): string {
  return text;
}
