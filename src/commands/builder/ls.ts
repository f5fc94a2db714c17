// `skiff builder ls`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { version } from '../../cli/version.ts';
import { builderInfo } from '../../engine/builder.ts';
import { renderBuilders } from '../../render/builder.ts';

export default class BuilderLs extends Command {
  static override description = 'List builders: there is one';
  static override usage = 'builder ls [OPTIONS]';
  static override aliases = ['buildx:ls'];
  static override examples = ['skiff builder ls', "skiff builder ls --format '{{.NameNode}}: {{.Platforms}}'"];
  static override maxArgs = 0;
  static override flags = {
    format: flag.string({ description: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template" }),
    quiet: flag.boolean({ char: 'q', description: 'Only display builder names' }),
  };

  async run({ flags, io }: Parsed<typeof BuilderLs.flags>): Promise<number | undefined> {
    io.out(await renderBuilders({ ...builderInfo(), version: `skiff ${version}` }, flags));
    return undefined;
  }
}
