// `skiff buildx rm`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { BUILDER, builderFlag, requireBuilder } from '../../cli/flags-builder.ts';
import { EngineError } from '../../sys/errors.ts';

export default class BuildxRm extends Command {
  static override description = 'Remove a builder: the only one cannot be removed';
  static override usage = 'buildx rm [OPTIONS] [NAME...]';
  static override examples = ['skiff buildx rm other'];
  static override flags = {
    ...builderFlag,
    force: flag.boolean({ char: 'f', description: 'Do not prompt for confirmation' }),
  };

  async run({ args: [name] }: Parsed<typeof BuildxRm.flags>): Promise<number | undefined> {
    requireBuilder(name);
    throw new EngineError('ERR_UNSUPPORTED', `Cannot remove the builder "${BUILDER}": it is the only one`, {
      hint: 'Its cache is removed by: skiff builder prune -a',
    });
  }
}
