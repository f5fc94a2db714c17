// `skiff buildx version`
import { Command, type Parsed } from '../../cli/command.ts';
import { commit, version } from '../../cli/version.ts';

export default class BuildxVersion extends Command {
  static override description = 'Show the version of what builds: skiff itself';
  static override usage = 'buildx version';
  static override examples = ['skiff buildx version'];
  static override maxArgs = 0;
  static override flags = {};

  async run({ io }: Parsed<typeof BuildxVersion.flags>): Promise<number | undefined> {
    io.out(`skiff v${version} ${commit}\n`);
    return undefined;
  }
}
