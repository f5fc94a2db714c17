// `skiff container prune`
import { Command, type Parsed } from '../../cli/command.ts';
import { confirm } from '../../cli/confirm.ts';
import { pruneFlags } from '../../cli/prune-flags.ts';
import { pruneContainers } from '../../engine/prune-containers.ts';
import { pruneFilter } from '../../engine/prune-filter.ts';
import { renderPrune } from '../../render/prune.ts';

export default class ContainerPrune extends Command {
  static override description = 'Remove all stopped containers';
  static override usage = 'container prune [OPTIONS]';
  static override examples = [
    'skiff container prune',
    'skiff container prune -f --filter until=24h',
    'skiff container prune --filter label!=keep',
  ];
  static override maxArgs = 0;
  static override flags = pruneFlags;

  async run({ ctx, flags, io }: Parsed<typeof ContainerPrune.flags>): Promise<number | undefined> {
    const filter = pruneFilter(ctx, flags.filter);
    const dryRun = flags['dry-run'];
    if (!flags.force && !dryRun && !confirm(io, 'WARNING! This will remove all stopped containers.')) return 0;
    const { deleted, reclaimed } = await pruneContainers(ctx, filter, { dryRun });
    io.out(renderPrune({ containers: deleted, reclaimed }, { dryRun }));
    return undefined;
  }
}
