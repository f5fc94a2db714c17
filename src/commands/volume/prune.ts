// `skiff volume prune`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { confirm } from '../../cli/confirm.ts';
import { pruneFlags } from '../../cli/prune-flags.ts';
import { tellOfTrash } from '../../cli/trash-notice.ts';
import { booleanFilter } from '../../engine/filter.ts';
import { pruneFilter } from '../../engine/prune-filter.ts';
import { pruneVolumes } from '../../engine/remove-volume.ts';
import { expireTrash, trashFor } from '../../engine/trash.ts';
import { renderPrune } from '../../render/prune.ts';
import { EngineError } from '../../sys/errors.ts';

export default class VolumePrune extends Command {
  static override description = 'Remove unused local volumes';
  static override usage = 'volume prune [OPTIONS]';
  static override examples = ['skiff volume prune', 'skiff volume prune -a --dry-run', 'skiff volume prune -f --filter label!=keep'];
  static override maxArgs = 0;
  static override flags = {
    ...pruneFlags,
    all: flag.boolean({ char: 'a', description: 'Remove all unused volumes, not just anonymous ones' }),
    filter: flag.list({ helpValue: 'filter', description: 'Provide filter values (e.g. "label=<label>")' }),
    purge: flag.boolean({ description: 'Delete the files now: no trash, no "system undo"' }),
  };

  async run({ ctx, flags, io }: Parsed<typeof VolumePrune.flags>): Promise<number> {
    const filter = pruneFilter(ctx, flags.filter, ['all']);
    if (filter.filters.has('until')) {
      throw new EngineError('ERR_BAD_FILTER', "invalid filter 'until'", {
        hint: 'A volume does not tell when it was last used. Known filters: all, label, label!',
      });
    }
    if (flags.all && filter.filters.has('all')) {
      throw new EngineError('ERR_BAD_FILTER', 'conflicting options: cannot specify both --all and --filter all=1', {
        hint: 'Leave one of the two out',
      });
    }
    const all = flags.all || booleanFilter(filter.filters, 'all') === true;
    const dryRun = flags['dry-run'];
    const what = all ? 'all local volumes' : 'anonymous local volumes';
    if (!flags.force && !dryRun && !confirm(io, `WARNING! This will remove ${what} not used by at least one container.`)) return 0;
    const keptIn = dryRun ? undefined : trashFor(ctx, flags);
    const pruned = await pruneVolumes(ctx, { all, filter, dryRun, keptIn });
    io.out(renderPrune(pruned, { dryRun }));
    if (dryRun) return 0;
    if (keptIn !== undefined) tellOfTrash(io, pruned.volumes.length);
    await expireTrash(ctx);
    return 0;
  }
}
