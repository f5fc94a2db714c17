// `skiff attach`
import { Command, flag, type Parsed } from '../cli/command.ts';
import { attachAndFollow } from '../cli/follow.ts';

export default class Attach extends Command {
  static override description = 'Attach local standard input, output, and error streams to a running container';
  static override usage = 'attach [OPTIONS] CONTAINER';
  static override aliases = ['container:attach'];
  static override examples = ['skiff attach shell', 'skiff attach --no-stdin web'];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = {
    'detach-keys': flag.string({ description: 'Override the key sequence for detaching a container' }),
    'no-stdin': flag.boolean({ description: 'Do not attach STDIN' }),
    'sig-proxy': flag.boolean({ default: true, description: 'Proxy all received signals to the process' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Attach.flags>): Promise<number | undefined> {
    return attachAndFollow(ctx, io, args[0] ?? '', {
      start: false,
      stdin: !flags['no-stdin'],
      detachKeys: flags['detach-keys'],
      signals: flags['sig-proxy'] ?? true,
    });
  }
}
