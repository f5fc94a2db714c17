// `skiff logs`: what a container wrote, its standard error to ours.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { readContainerLog } from '../engine/logs.ts';
import { renderLogLines } from '../render/log-line.ts';

export default class Logs extends Command {
  static override description = 'Fetch the logs of a container';
  static override usage = 'logs [OPTIONS] CONTAINER';
  static override aliases = ['container:logs'];
  static override examples = ['skiff logs -f web', 'skiff logs --since 10m -t web', 'skiff logs -n 100 web'];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = {
    details: flag.boolean({ description: 'Show extra details provided to logs' }),
    follow: flag.boolean({ char: 'f', description: 'Follow log output' }),
    since: flag.string({ description: 'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)' }),
    tail: flag.string({ char: 'n', description: 'Number of lines to show from the end of the logs', default: 'all' }),
    timestamps: flag.boolean({ char: 't', description: 'Show timestamps' }),
    until: flag.string({
      description: 'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    }),
  };

  async run({ ctx, flags, args: [name = ''], io }: Parsed<typeof Logs.flags>): Promise<number | undefined> {
    await readContainerLog(ctx, name, flags, (entries) => {
      for (const { stream, text } of renderLogLines(entries, flags)) {
        if (stream === 'stderr') io.err(text);
        else io.out(text);
      }
    });
    return undefined;
  }
}
