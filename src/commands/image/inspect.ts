// `skiff image inspect`: images only.
import { Command, type Parsed } from '../../cli/command.ts';
import { refused } from '../../cli/refused.ts';
import { inspectAll, inspectFlags } from '../inspect.ts';

const flags = { format: inspectFlags.format, platform: refused('not supported: of an image, one platform is kept') };

export default class ImageInspect extends Command {
  static override description = 'Display detailed information on one or more images';
  static override usage = 'image inspect [OPTIONS] IMAGE [IMAGE...]';
  static override examples = ["skiff image inspect -f '{{json .Config.Env}}' debian"];
  static override minArgs = 1;
  static override flags = flags;

  async run({ ctx, flags: { format }, args, io }: Parsed<typeof flags>): Promise<number | undefined> {
    return inspectAll(ctx, io, { names: args, type: 'image', format });
  }
}
