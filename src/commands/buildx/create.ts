// `skiff buildx create`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { BUILDER } from '../../cli/flags-builder.ts';
import { EngineError } from '../../sys/errors.ts';

export default class BuildxCreate extends Command {
  static override description = 'Create a builder: there is one, which needs no creating';
  static override usage = 'buildx create [OPTIONS]';
  static override examples = ['skiff buildx create --use'];
  static override maxArgs = 1;
  static override flags = {
    bootstrap: flag.boolean({ description: 'Boot builder after creation: it needs none' }),
    driver: flag.string({ description: 'Driver to use: "docker" stands for the one there is' }),
    name: flag.string({ description: 'Builder instance name' }),
    use: flag.boolean({ description: 'Set the current builder instance, which it is' }),
  };

  async run({ flags: { name, driver }, args, io }: Parsed<typeof BuildxCreate.flags>): Promise<number | undefined> {
    const refuse = (what: string): EngineError =>
      new EngineError('ERR_UNSUPPORTED', `Cannot create ${what}: there is one builder, "${BUILDER}", and nothing runs beside a build`, {
        hint: 'Leave this step out: several platforms, pushing and cache exports need no builder of their own here',
      });
    if (args[0] !== undefined) throw refuse(`a builder at "${args[0]}"`);
    if (driver !== undefined && driver !== 'docker') throw refuse(`a builder with the driver "${driver}"`);
    if (name !== undefined && name !== BUILDER) throw refuse(`the builder "${name}"`);
    io.out(`${BUILDER}\n`);
    return undefined;
  }
}
