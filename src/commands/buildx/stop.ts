// `skiff buildx stop`
import { Command, type Parsed } from '../../cli/command.ts';
import { builderFlag, requireBuilder } from '../../cli/flags-builder.ts';

export default class BuildxStop extends Command {
  static override description = 'Stop the builder: nothing of it runs between builds';
  static override usage = 'buildx stop [NAME]';
  static override examples = ['skiff buildx stop'];
  static override maxArgs = 1;
  static override flags = { ...builderFlag };

  async run({ args: [name] }: Parsed<typeof BuildxStop.flags>): Promise<number | undefined> {
    requireBuilder(name);
    return undefined;
  }
}
