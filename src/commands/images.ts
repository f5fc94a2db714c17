// `skiff images`: the images in the store.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { refused } from '../cli/refused.ts';
import { listImageViews } from '../engine/list-images.ts';
import { renderImageList } from '../render/image-list.ts';

export default class Images extends Command {
  static override description = 'List images';
  static override usage = 'images [OPTIONS] [REPOSITORY[:TAG]]';
  static override aliases = ['image:ls', 'image:list'];
  static override examples = ['skiff images', 'skiff images --filter dangling=true -q', "skiff images 'debian:*'"];
  static override maxArgs = 1;
  static override flags = {
    tree: refused('not supported yet', { isSwitch: true }),
    all: flag.boolean({ char: 'a', description: 'Show all images (there are no intermediate images to hide)' }),
    digests: flag.boolean({ description: 'Show digests' }),
    filter: flag.list({ char: 'f', helpValue: 'filter', description: 'Filter output based on conditions provided (name=value)' }),
    format: flag.string({ description: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template" }),
    'no-trunc': flag.boolean({ description: "Don't truncate output" }),
    quiet: flag.boolean({ char: 'q', description: 'Only show image IDs' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Images.flags>): Promise<number | undefined> {
    const images = listImageViews(ctx, { filters: flags.filter, reference: args[0] });
    io.out(
      await renderImageList(images, {
        quiet: flags.quiet,
        noTrunc: flags['no-trunc'],
        showDigests: flags.digests,
        format: flags.format,
        now: ctx.now(),
        env: ctx.env,
      }),
    );
    return undefined;
  }
}
