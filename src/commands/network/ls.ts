// `skiff network ls`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { listNetworks } from '../../engine/networks.ts';
import { renderNetworkList } from '../../render/network.ts';

export default class NetworkLs extends Command {
  static override description = 'List networks';
  static override usage = 'network ls [OPTIONS]';
  static override aliases = ['network:list'];
  static override examples = [
    'skiff network ls',
    'skiff network ls --filter type=custom -q',
    "skiff network ls --format '{{.Name}}: {{.Driver}}'",
  ];
  static override maxArgs = 0;
  static override flags = {
    filter: flag.list({ char: 'f', helpValue: 'filter', description: 'Provide filter values (e.g. "driver=bridge")' }),
    format: flag.string({ description: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template" }),
    'no-trunc': flag.boolean({ description: 'Do not truncate the output' }),
    quiet: flag.boolean({ char: 'q', description: 'Only display network IDs' }),
  };

  async run({ ctx, flags, io }: Parsed<typeof NetworkLs.flags>): Promise<number | undefined> {
    const { filter, format, quiet, 'no-trunc': noTrunc } = flags;
    io.out(await renderNetworkList(listNetworks(ctx, filter), { quiet, noTrunc, format, env: ctx.env }));
    return undefined;
  }
}
