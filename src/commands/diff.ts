// `skiff diff`: names are printed as the bytes they are.
import { Command, type Parsed } from '../cli/command.ts';
import { interruptible } from '../cli/interruptible.ts';
import { diffContainer } from '../engine/diff.ts';

export default class Diff extends Command {
  static override description = "Inspect changes to files or directories on a container's filesystem";
  static override usage = 'diff CONTAINER';
  static override aliases = ['container:diff'];
  static override examples = ['skiff diff web'];
  static override minArgs = 1;
  static override maxArgs = 1;

  async run({ ctx, args: [name = ''], io }: Parsed): Promise<number | undefined> {
    await interruptible((signal) =>
      diffContainer(ctx, name, {
        onChanges: (changes) => io.out(Buffer.from(changes.map(([kind, path]) => `${kind} ${path}\n`).join(''), 'latin1')),
        signal,
      }),
    );
    return 0;
  }
}
