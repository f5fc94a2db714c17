// `skiff unshare`
import { Command, type Parsed } from '../cli/command.ts';
import { runUnshared } from '../engine/unshare.ts';

export default class Unshare extends Command {
  static override description = 'Run a command, or your shell, in the user namespace of containers';
  static override usage = 'unshare [COMMAND [ARG...]]';
  static override examples = [
    'skiff unshare',
    'skiff unshare sh -c \'ls "$(skiff image mount debian)"\'',
    'skiff unshare chown -R 0:0 folder-that-a-container-wrote',
  ];
  static override stopAtFirstArgument = true;
  static override errorExitCode = 125;

  async run({ ctx, args }: Parsed): Promise<number | undefined> {
    return runUnshared(ctx, args);
  }
}
