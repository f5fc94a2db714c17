// `skiff system enable-boot`
import { Command, type Parsed } from '../../cli/command.ts';
import { enableBoot } from '../../engine/boot.ts';

export default class SystemEnableBoot extends Command {
  static override description = 'Start containers at boot, by their restart policy';
  static override usage = 'system enable-boot';
  static override examples = ['skiff system enable-boot', 'skiff run -d --restart unless-stopped --name web nginx'];
  static override maxArgs = 0;

  async run({ ctx, io }: Parsed): Promise<number | undefined> {
    const done = enableBoot(ctx);
    if (done.way === 'crontab') {
      io.out('Enabled: a line of your crontab starts containers at boot (see it with: crontab -l)\n');
      if (!done.hasCron) io.err('skiff: warning: No cron daemon runs here: start one, or the line is never read\n');
      return undefined;
    }
    io.out(`Enabled: the systemd user unit ${done.path} starts containers\n`);
    if (done.linger === 'off') {
      io.err(
        'skiff: warning: Lingering is off, so that is when you log in, and they stop when you log out. ' +
          `To start them at boot, run: ${done.lingerCommand}\n`,
      );
    } else {
      io.out(`Lingering ${done.linger === 'on' ? 'is on' : 'was turned on'}: they start with the machine and stay when you log out\n`);
    }
    return undefined;
  }
}
