// `skiff system restore`: what the unit or crontab line of `system enable-boot` runs.
import { Command, type Parsed } from '../../cli/command.ts';
import { reportRestored } from '../../cli/restore.ts';
import { restoreContainers } from '../../engine/restore.ts';

export default class SystemRestore extends Command {
  static override description = 'Start the containers that a reboot took down, by their restart policy';
  static override usage = 'system restore';
  static override examples = ['skiff system restore'];
  static override maxArgs = 0;

  async run({ ctx, io }: Parsed): Promise<number | undefined> {
    let code = 0;
    await restoreContainers(ctx, (restored) => {
      if (restored.outcome === 'failed') code = 1;
      reportRestored(io, restored, (line) => io.out(line));
    });
    return code;
  }
}
