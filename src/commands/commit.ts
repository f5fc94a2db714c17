// `skiff commit`: prints the new image's id, as Docker does.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { interruptible } from '../cli/interruptible.ts';
import { commitContainer } from '../engine/commit.ts';

export default class Commit extends Command {
  static override description = "Create a new image from a container's changes";
  static override usage = 'commit [OPTIONS] CONTAINER [REPOSITORY[:TAG]]';
  static override aliases = ['container:commit'];
  static override examples = [
    'skiff commit web my/web:changed',
    `skiff commit -m "Add a page" -c 'CMD ["nginx", "-g", "daemon off;"]' -c 'EXPOSE 80' web my/web`,
  ];
  static override minArgs = 1;
  static override maxArgs = 2;
  static override flags = {
    author: flag.string({ char: 'a', description: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")' }),
    change: flag.list({ char: 'c', description: 'Apply Dockerfile instruction to the created image' }),
    message: flag.string({ char: 'm', description: 'Commit message' }),
    pause: flag.boolean({ char: 'p', description: 'Pause container during commit', default: true }),
  };

  async run({ ctx, flags, args: [name = '', reference], given, io }: Parsed<typeof Commit.flags>): Promise<number | undefined> {
    const pause = !flags.pause ? 'no' : given.has('pause') ? 'required' : 'wanted';
    const id = await interruptible((signal) =>
      commitContainer(ctx, name, {
        reference,
        author: flags.author ?? '',
        comment: flags.message ?? '',
        changes: flags.change,
        pause,
        signal,
      }),
    );
    io.out(`${id}\n`);
    return 0;
  }
}
