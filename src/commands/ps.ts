// `skiff ps`: the containers there are.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { listContainerViews } from '../engine/list-containers.ts';
import { renderContainerList } from '../render/container-list.ts';

export default class Ps extends Command {
  static override description = 'List containers';
  static override usage = 'ps [OPTIONS]';
  static override aliases = ['container:ls', 'container:list', 'container:ps'];
  static override examples = [
    'skiff ps -a',
    'skiff ps --filter status=exited -q',
    "skiff ps --format 'table {{.ID}}\\t{{.Names}}\\t{{.Status}}'",
  ];
  static override maxArgs = 0;
  static override flags = {
    all: flag.boolean({ char: 'a', description: 'Show all containers (default shows just running)' }),
    filter: flag.list({ char: 'f', helpValue: 'filter', description: 'Filter output based on conditions provided (name=value)' }),
    format: flag.string({ description: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template" }),
    last: flag.integer({ char: 'n', description: 'Show n last created containers (includes all states)', default: -1 }),
    latest: flag.boolean({ char: 'l', description: 'Show the latest created container (includes all states)' }),
    'no-trunc': flag.boolean({ description: "Don't truncate output" }),
    quiet: flag.boolean({ char: 'q', description: 'Only display container IDs' }),
    size: flag.boolean({ char: 's', description: 'Display total file sizes' }),
  };

  async run({ ctx, flags, io }: Parsed<typeof Ps.flags>): Promise<number | undefined> {
    const { all, filter, format, latest, quiet } = flags;
    if (quiet && format) io.err('WARNING: Ignoring custom format, because both --format and --quiet are set.\n');
    const last = latest && flags.last < 0 ? 1 : flags.last;
    // A template that shows the size needs it, as in Docker.
    const size = flags.size || (!quiet && format?.includes('.Size') === true);
    const containers = listContainerViews(ctx, { all, last, size, filters: filter });
    io.out(
      await renderContainerList(containers, {
        quiet,
        size: flags.size,
        format,
        noTrunc: flags['no-trunc'],
        now: ctx.now(),
        env: ctx.env,
      }),
    );
    return undefined;
  }
}
