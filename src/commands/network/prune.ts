// `skiff network prune`
import { Command, type Parsed } from '../../cli/command.ts';
import { confirm } from '../../cli/confirm.ts';
import { pruneFlags } from '../../cli/prune-flags.ts';
import { pruneFilter } from '../../engine/prune-filter.ts';
import { pruneNetworks } from '../../engine/prune-networks.ts';
import { renderPrunedNetworks } from '../../render/prune.ts';

export default class NetworkPrune extends Command {
  static override description = 'Remove all unused networks';
  static override usage = 'network prune [OPTIONS]';
  static override examples = [
    'skiff network prune',
    'skiff network prune -f --filter until=24h',
    'skiff network prune --filter label!=keep',
  ];
  static override maxArgs = 0;
  static override flags = pruneFlags;

  async run({ ctx, flags, io }: Parsed<typeof NetworkPrune.flags>): Promise<number | undefined> {
    const filter = pruneFilter(ctx, flags.filter);
    const dryRun = flags['dry-run'];
    const warning = 'WARNING! This will remove all custom networks not used by at least one container.';
    if (!flags.force && !dryRun && !confirm(io, warning)) return 0;
    io.out(renderPrunedNetworks(await pruneNetworks(ctx, filter, { dryRun }), { dryRun }));
    return undefined;
  }
}
