// `skiff container prune`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { confirm } from '../../cli/confirm.ts';
import { pruneContainers, pruneFilter } from '../../engine/prune-containers.ts';
import { humanSize } from '../../render/human.ts';

export default class ContainerPrune extends Command {
  static override description = 'Remove all stopped containers';
  static override usage = 'container prune [OPTIONS]';
  static override examples = [
    'skiff container prune',
    'skiff container prune -f --filter until=24h',
    'skiff container prune --filter label!=keep',
  ];
  static override maxArgs = 0;
  static override flags = {
    filter: flag.list({ helpValue: 'filter', description: 'Provide filter values (e.g. "until=<timestamp>", "label=<key>[=<value>]")' }),
    force: flag.boolean({ char: 'f', description: 'Do not prompt for confirmation' }),
  };

  async run({ ctx, flags, io }: Parsed<typeof ContainerPrune.flags>): Promise<number | undefined> {
    const fits = pruneFilter(ctx, flags.filter);
    if (!flags.force && !confirm(io, 'WARNING! This will remove all stopped containers.')) return 0;
    const { deleted, reclaimed } = await pruneContainers(ctx, fits);
    if (deleted.length > 0) io.out(`Deleted Containers:\n${deleted.map((id) => `${id}\n`).join('')}\n`);
    io.out(`Total reclaimed space: ${humanSize(reclaimed)}\n`);
    return undefined;
  }
}
