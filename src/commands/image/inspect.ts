// `skiff image inspect`: images only.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { inspectAll, inspectFlags } from '../inspect.ts';

const flags = {
  format: inspectFlags.format,
  platform: flag.string({
    description: 'Inspect a specific platform of the multi-platform image. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
  }),
};

export default class ImageInspect extends Command {
  static override description = 'Display detailed information on one or more images';
  static override usage = 'image inspect [OPTIONS] IMAGE [IMAGE...]';
  static override examples = ["skiff image inspect -f '{{json .Config.Env}}' debian"];
  static override minArgs = 1;
  static override flags = flags;

  async run({ ctx, flags: { format, platform }, args, io }: Parsed<typeof flags>): Promise<number | undefined> {
    return inspectAll(ctx, io, { names: args, type: 'image', format, platform });
  }
}
