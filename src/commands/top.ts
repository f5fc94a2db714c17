// `skiff top`
import { Command, type Parsed } from '../cli/command.ts';
import { containerProcesses } from '../engine/top.ts';
import { alignTable } from '../render/table.ts';

/** Docker's, wider than that of its other tables. */
const MIN_WIDTH = 20;

export default class Top extends Command {
  static override description = 'Display the running processes of a container';
  static override usage = 'top CONTAINER [ps OPTIONS]';
  static override aliases = ['container:top'];
  static override examples = ['skiff top web', 'skiff top web -o pid,user,%cpu,cmd', 'skiff top web aux'];
  static override minArgs = 1;
  static override stopAtFirstArgument = true;

  async run({ ctx, args: [name = '', ...options], io }: Parsed): Promise<number | undefined> {
    const { titles, rows } = await containerProcesses(ctx, name, options);
    io.out(
      alignTable(
        [titles, ...rows].map((cells) => cells.join('\t')),
        { minWidth: MIN_WIDTH },
      ),
    );
    return 0;
  }
}
