// `skiff system undo`: gives back what the last `volume rm` or prune took away. Several times goes further back.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { listTrash, undoRemoval } from '../../engine/trash.ts';
import { renderTrash } from '../../render/trash.ts';

export default class SystemUndo extends Command {
  static override description = 'Bring back the volumes that were removed last';
  static override usage = 'system undo [OPTIONS]';
  static override examples = ['skiff system undo', 'skiff system undo --list'];
  static override maxArgs = 0;
  static override flags = {
    list: flag.boolean({ description: 'Show what could be brought back, the latest removal first' }),
  };

  async run({ ctx, flags: { list }, io }: Parsed<typeof SystemUndo.flags>): Promise<undefined> {
    if (list) io.out(renderTrash(listTrash(ctx), ctx.now()));
    else {
      const names = await undoRemoval(ctx);
      io.out(names.map((name) => `${name}\n`).join(''));
    }
  }
}
