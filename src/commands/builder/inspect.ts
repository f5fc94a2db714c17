// `skiff builder inspect`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { builderFlag, requireBuilder } from '../../cli/flags-builder.ts';
import { version } from '../../cli/version.ts';
import { builderInfo } from '../../engine/builder.ts';
import { renderBuilder } from '../../render/builder.ts';

export default class BuilderInspect extends Command {
  static override description = 'Show the builder and the platforms whose programs it can run';
  static override usage = 'builder inspect [OPTIONS] [NAME]';
  static override aliases = ['buildx:inspect'];
  static override examples = ['skiff builder inspect', 'skiff buildx inspect --bootstrap'];
  static override maxArgs = 1;
  static override flags = {
    ...builderFlag,
    bootstrap: flag.boolean({ description: 'Ensure that the builder is ready, as it always is' }),
  };

  async run({ args: [name], io }: Parsed<typeof BuilderInspect.flags>): Promise<number | undefined> {
    requireBuilder(name);
    io.out(renderBuilder({ ...builderInfo(), version: `skiff ${version}` }));
    return undefined;
  }
}
