// `skiff network inspect`: what is found is shown even when some names are not.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { inspectNetwork } from '../../engine/networks.ts';
import { renderNetworks } from '../../render/network.ts';
import { EngineError } from '../../sys/errors.ts';

export default class NetworkInspect extends Command {
  static override description = 'Display detailed information on one or more networks';
  static override usage = 'network inspect [OPTIONS] NETWORK [NETWORK...]';
  static override examples = ['skiff network inspect app', "skiff network inspect -f '{{range .IPAM.Config}}{{.Subnet}}{{end}}' app"];
  static override minArgs = 1;
  static override flags = {
    format: flag.string({ char: 'f', description: "Format output: 'json', or a Go template" }),
    verbose: flag.boolean({ char: 'v', description: 'Verbose output for diagnostics: adds what a swarm knows, so nothing here' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof NetworkInspect.flags>): Promise<number | undefined> {
    const problems: EngineError[] = [];
    const found = args.flatMap((name) => {
      try {
        return [inspectNetwork(ctx, name)];
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        problems.push(error);
        return [];
      }
    });
    io.out(await renderNetworks(found, flags.format));
    for (const { message, hint } of problems) io.err(`Error: ${message}\n${hint ? `${hint}\n` : ''}`);
    return problems.length > 0 ? 1 : 0;
  }
}
