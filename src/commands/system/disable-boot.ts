// `skiff system disable-boot`
import { Command, type Parsed } from '../../cli/command.ts';
import { disableBoot } from '../../engine/boot.ts';

export default class SystemDisableBoot extends Command {
  static override description = 'Take back what "system enable-boot" did';
  static override usage = 'system disable-boot';
  static override examples = ['skiff system disable-boot'];
  static override maxArgs = 0;

  async run({ ctx, io }: Parsed): Promise<number | undefined> {
    const { unit, lingerTurnedOff, crontab } = disableBoot(ctx);
    if (unit !== undefined) io.out(`Disabled: the systemd user unit ${unit} is removed\n`);
    if (lingerTurnedOff) io.out('Lingering was turned off again: containers stop when you log out\n');
    if (crontab) io.out('Disabled: the line in your crontab is removed\n');
    if (unit === undefined && !crontab) io.out('The start at boot was not enabled\n');
    return undefined;
  }
}
