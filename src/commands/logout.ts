// `skiff logout`: forgets a login, in the file or with the helper that keeps it.
import { Command, type Parsed } from '../cli/command.ts';
import { loginTarget, logout } from '../engine/login.ts';

export default class Logout extends Command {
  static override description = 'Log out from a registry';
  static override usage = 'logout [SERVER]';
  static override examples = ['skiff logout', 'skiff logout ghcr.io', 'skiff logout quay.io/team'];
  static override maxArgs = 1;

  async run({ ctx, args, io }: Parsed): Promise<number | undefined> {
    const target = loginTarget(args[0]);
    const isForgotten = await logout(ctx, target);
    io.out(`${isForgotten ? 'Removing login credentials for' : 'Not logged in to'} ${target.key}\n`);
    return undefined;
  }
}
