// `skiff builder du`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { builderFlag } from '../../cli/flags-builder.ts';
import { listBuildCache } from '../../engine/build-cache.ts';
import { parseCacheFilter } from '../../engine/build-cache-filter.ts';
import { renderBuildCache } from '../../render/build-cache.ts';

export default class BuilderDu extends Command {
  static override description = 'Disk usage of the build cache';
  static override usage = 'builder du [OPTIONS]';
  static override aliases = ['buildx:du'];
  static override examples = [
    'skiff builder du',
    'skiff builder du --verbose --filter type=exec.cachemount',
    "skiff builder du --format '{{.ID}} {{.Size}}'",
  ];
  static override maxArgs = 0;
  static override flags = {
    ...builderFlag,
    filter: flag.list({ helpValue: 'filter', description: 'Provide filter values (e.g. "until=24h", "type=regular", "shared")' }),
    format: flag.string({ description: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template" }),
    verbose: flag.boolean({ description: 'Provide a more verbose output' }),
  };

  async run({ ctx, flags: { filter, format, verbose }, io }: Parsed<typeof BuilderDu.flags>): Promise<number | undefined> {
    const entries = await listBuildCache(ctx, parseCacheFilter(ctx, filter));
    io.out(await renderBuildCache(entries, { verbose, format, hasTotals: filter.length === 0, now: ctx.now(), env: ctx.env }));
    return undefined;
  }
}
