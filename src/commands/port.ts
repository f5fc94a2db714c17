// `skiff port`: where a container's ports are published.
import { Command, type Parsed } from '../cli/command.ts';
import { containerPorts } from '../engine/container-ports.ts';
import { hostAndPort } from '../render/ports.ts';

export default class Port extends Command {
  static override description = 'List port mappings or a specific mapping for the container';
  static override usage = 'port CONTAINER [PRIVATE_PORT[/PROTO]]';
  static override aliases = ['container:port'];
  static override examples = ['skiff port web', 'skiff port web 80/tcp'];
  static override minArgs = 1;
  static override maxArgs = 2;

  async run({ ctx, args: [name = '', wanted], io }: Parsed): Promise<number | undefined> {
    for (const { port, bindings } of containerPorts(ctx, name, wanted)) {
      const prefix = wanted === undefined ? `${port} -> ` : '';
      io.out(bindings.map(({ HostIp, HostPort }) => `${prefix}${hostAndPort(HostIp || '0.0.0.0', HostPort)}\n`).join(''));
    }
    return undefined;
  }
}
