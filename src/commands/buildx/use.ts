// `skiff buildx use`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { builderFlag, requireBuilder } from '../../cli/flags-builder.ts';

export default class BuildxUse extends Command {
  static override description = 'Choose the builder: there is one';
  static override usage = 'buildx use [OPTIONS] NAME';
  static override examples = ['skiff buildx use default'];
  static override maxArgs = 1;
  static override flags = {
    ...builderFlag,
    default: flag.boolean({ description: 'Set builder as default for current context, which it is' }),
    global: flag.boolean({ description: 'Builder persists context changes, as it always does' }),
  };

  async run({ args: [name] }: Parsed<typeof BuildxUse.flags>): Promise<number | undefined> {
    requireBuilder(name);
    return undefined;
  }
}
