// `skiff stats`: what containers use of the machine, again each second until it is interrupted. On a terminal each frame overwrites the last.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { watchStats } from '../engine/stats.ts';
import { renderStats } from '../render/container-stats.ts';

export default class Stats extends Command {
  static override description = 'Display a live stream of container(s) resource usage statistics';
  static override usage = 'stats [OPTIONS] [CONTAINER...]';
  static override aliases = ['container:stats'];
  static override examples = [
    'skiff stats',
    'skiff stats --no-stream web db',
    "skiff stats --no-stream --format 'table {{.Name}}\\t{{.CPUPerc}}\\t{{.MemUsage}}'",
  ];
  static override flags = {
    all: flag.boolean({ char: 'a', description: 'Show all containers (default shows just running)' }),
    format: flag.string({ description: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template" }),
    'no-stream': flag.boolean({ description: 'Disable streaming stats and only pull the first result' }),
    'no-trunc': flag.boolean({ description: 'Do not truncate output' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Stats.flags>): Promise<number | undefined> {
    const once = flags['no-stream'];
    const options = { format: flags.format, noTrunc: flags['no-trunc'], stopped: once ? ('zero' as const) : ('dashes' as const) };
    // A template that cannot be is told at once, not after the first look.
    await renderStats([], options);
    const redraws = !once && io.stdoutIsTerminal;
    // Cleared when there is something to show: an error stands below what was there.
    let clear = '\x1b[2J';
    for await (const stats of watchStats(ctx, { names: args, all: flags.all })) {
      const frame = await renderStats(stats, options);
      io.out(redraws ? `${clear}\x1b[H${frame.replaceAll('\n', '\x1b[K\n')}\x1b[J` : frame);
      clear = '';
      if (once) break;
    }
    return undefined;
  }
}
