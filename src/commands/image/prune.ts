// `skiff image prune`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { confirm } from '../../cli/confirm.ts';
import { pruneFlags } from '../../cli/prune-flags.ts';
import { booleanFilter } from '../../engine/filter.ts';
import { pruneFilter } from '../../engine/prune-filter.ts';
import { pruneImages } from '../../engine/prune-images.ts';
import { renderPrune } from '../../render/prune.ts';

export default class ImagePrune extends Command {
  static override description = 'Remove unused images';
  static override usage = 'image prune [OPTIONS]';
  static override examples = ['skiff image prune', 'skiff image prune -a --filter until=240h', 'skiff image prune -a --dry-run'];
  static override maxArgs = 0;
  static override flags = {
    ...pruneFlags,
    all: flag.boolean({ char: 'a', description: 'Remove all unused images, not just dangling ones' }),
  };

  async run({ ctx, flags, io }: Parsed<typeof ImagePrune.flags>): Promise<number | undefined> {
    const filter = pruneFilter(ctx, flags.filter, ['dangling']);
    const all = flags.all || booleanFilter(filter.filters, 'dangling') === false;
    const dryRun = flags['dry-run'];
    const what = all ? 'all images without at least one container associated to them' : 'all dangling images';
    if (!flags.force && !dryRun && !confirm(io, `WARNING! This will remove ${what}.`)) return 0;
    io.out(renderPrune(await pruneImages(ctx, { all, filter, dryRun }), { dryRun }));
    return undefined;
  }
}
