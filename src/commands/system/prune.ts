// `skiff system prune`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { confirm } from '../../cli/confirm.ts';
import { pruneFlags } from '../../cli/prune-flags.ts';
import { tellOfTrash } from '../../cli/trash-notice.ts';
import { pruneFilter } from '../../engine/prune-filter.ts';
import { checkPruneSystem, pruneSystem } from '../../engine/prune-system.ts';
import { emptyTrash } from '../../engine/trash.ts';
import { renderPrune } from '../../render/prune.ts';

export default class SystemPrune extends Command {
  static override description = 'Remove unused data';
  static override usage = 'system prune [OPTIONS]';
  static override examples = [
    'skiff system prune',
    'skiff system prune -a --volumes --dry-run',
    'skiff system prune -f --filter until=24h',
  ];
  static override maxArgs = 0;
  static override flags = {
    ...pruneFlags,
    all: flag.boolean({ char: 'a', description: 'Remove all unused images not just dangling ones' }),
    trash: flag.boolean({ description: 'Empty the trash: removed volumes cannot be brought back any more' }),
    volumes: flag.boolean({ description: 'Prune anonymous volumes' }),
  };

  async run({ ctx, flags, io }: Parsed<typeof SystemPrune.flags>): Promise<number | undefined> {
    const { all, volumes, 'dry-run': dryRun } = flags;
    const filter = pruneFilter(ctx, flags.filter);
    checkPruneSystem({ volumes, filter });
    if (!flags.force && !dryRun && !confirm(io, warningOf(flags))) return 0;
    const pruned = await pruneSystem(ctx, { all, volumes, filter, dryRun });
    io.out(renderPrune(pruned, { dryRun }));
    if (flags.trash && !dryRun) await emptyTrash(ctx);
    else if (pruned.isVolumesKept) tellOfTrash(io, pruned.volumes.length);
    return undefined;
  }
}

/** Docker's, word for word, networks and build cache included. */
function warningOf({ all, trash, volumes, filter }: { all: boolean; trash: boolean; volumes: boolean; filter: readonly string[] }): string {
  const items = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
    all ? 'all build cache' : 'unused build cache',
    ...(trash ? ['all removed volumes that could be brought back'] : []),
  ];
  const list = (lines: readonly string[]): string => lines.map((line) => `  - ${line}\n`).join('');
  const filtered = filter.length > 0 ? `\n  Items to be pruned will be filtered with:\n${list(filter.toSorted())}` : '';
  return `WARNING! This will remove:\n${list(items)}${filtered}`;
}
