// `skiff untag`
import { Command, type Parsed } from '../cli/command.ts';
import { untagImage } from '../engine/untag-image.ts';

export default class Untag extends Command {
  static override description = 'Remove one or more names from an image, which stays';
  static override usage = 'untag IMAGE [NAME[:TAG]...]';
  static override aliases = ['image:untag'];
  static override examples = ['skiff untag debian', 'skiff untag localhost:5000/base localhost:5000/base:old'];
  static override minArgs = 1;

  async run({ ctx, args: [image = '', ...names] }: Parsed): Promise<number | undefined> {
    untagImage(ctx, image, names);
    return undefined;
  }
}
