// `skiff images`: the images in the store.
import { Command, flag, type Io, type Parsed } from '../cli/command.ts';
import { type ListImagesOptions, listImageHeadViews, listImageViews } from '../engine/list-images.ts';
import { renderImageList } from '../render/image-list.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';

export default class Images extends Command {
  static override description = 'List images';
  static override usage = 'images [OPTIONS] [REPOSITORY[:TAG]]';
  static override aliases = ['image:ls', 'image:list'];
  static override examples = ['skiff images', 'skiff images --filter dangling=true -q', "skiff images 'debian:*'"];
  static override maxArgs = 1;
  static override flags = {
    all: flag.boolean({ char: 'a', description: 'Show all images (default hides intermediate images)' }),
    digests: flag.boolean({ description: 'Show digests' }),
    filter: flag.list({ char: 'f', helpValue: 'filter', description: 'Filter output based on conditions provided (name=value)' }),
    format: flag.string({ description: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template" }),
    'no-trunc': flag.boolean({ description: "Don't truncate output" }),
    quiet: flag.boolean({ char: 'q', description: 'Only show image IDs' }),
    tree: flag.boolean({ description: 'List images with the platforms there are of them' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Images.flags>): Promise<number | undefined> {
    const which = { filters: flags.filter, reference: args[0] };
    if (flags.tree) {
      io.out(await treeOf(ctx, which, { flags, io }));
      return undefined;
    }
    const images = listImageHeadViews(ctx, which);
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

/** Two ways of showing that a tree is not go with it. */
async function treeOf(
  ctx: Ctx,
  which: ListImagesOptions,
  { flags, io }: { flags: Parsed<typeof Images.flags>['flags']; io: Io },
): Promise<string> {
  const other = flags.quiet ? '--quiet' : flags.digests ? '--digests' : flags.format ? '--format' : undefined;
  const images = listImageViews(ctx, which);
  if (other) throw new EngineError('ERR_BAD_OPTION', `${other} is not yet supported with --tree`, { hint: 'Give one of them' });
  const [{ imageTrees }, { renderImageTree }] = await Promise.all([import('../engine/image-tree.ts'), import('../render/image-tree.ts')]);
  return renderImageTree(imageTrees(ctx, images), { columns: io.columns, noTrunc: flags['no-trunc'] });
}
