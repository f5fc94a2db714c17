// `skiff builder prune`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { confirm } from '../../cli/confirm.ts';
import { builderFlag } from '../../cli/flags-builder.ts';
import { pruneFlags } from '../../cli/prune-flags.ts';
import { pruneBuildCache } from '../../engine/build-cache.ts';
import { parseCacheFilter } from '../../engine/build-cache-filter.ts';
import { parseBytes } from '../../engine/create/sizes.ts';
import { renderPrunedCache } from '../../render/build-cache.ts';

const bytes = (description: string, aliases: string[] = []) =>
  flag.custom({ description, default: 0, helpValue: 'bytes', parse: parseBytes, aliases });

export default class BuilderPrune extends Command {
  static override description = 'Remove build cache';
  static override usage = 'builder prune [OPTIONS]';
  static override aliases = ['buildx:prune'];
  static override examples = [
    'skiff builder prune',
    'skiff builder prune -af',
    'skiff builder prune -f --filter until=72h --reserved-space 2GB',
  ];
  static override maxArgs = 0;
  static override flags = {
    ...builderFlag,
    ...pruneFlags,
    all: flag.boolean({ char: 'a', description: 'Remove all build cache, what images share too' }),
    filter: flag.list({ helpValue: 'filter', description: 'Provide filter values (e.g. "until=24h", "type=exec.cachemount")' }),
    'max-used-space': bytes('Maximum amount of disk space allowed to keep for cache'),
    'min-free-space': bytes('Target amount of free disk space after pruning'),
    'reserved-space': bytes('Amount of disk space always allowed to keep for cache', ['keep-storage']),
    verbose: flag.boolean({ description: 'Provide a more verbose output' }),
  };

  async run({ ctx, flags, io }: Parsed<typeof BuilderPrune.flags>): Promise<number | undefined> {
    const { all, verbose, 'dry-run': dryRun } = flags;
    const filter = parseCacheFilter(ctx, flags.filter);
    const limits = { reserved: flags['reserved-space'], maxUsed: flags['max-used-space'], minFree: flags['min-free-space'] };
    const what = all ? 'all build cache' : 'all dangling build cache';
    if (!flags.force && !dryRun && !confirm(io, `WARNING! This will remove ${what}.`)) return 0;
    const report = await pruneBuildCache(ctx, { all, filter, limits, dryRun });
    const freed = dryRun ? report.entries.reduce((sum, { size }) => sum + size, 0) : report.bytes;
    io.out(renderPrunedCache(report.entries, { verbose, freed, now: ctx.now(), env: ctx.env }));
    return undefined;
  }
}
