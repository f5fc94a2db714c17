// `skiff tag`
import { Command, type Parsed } from '../cli/command.ts';
import { tagImage } from '../engine/tag-image.ts';

export default class Tag extends Command {
  static override description = 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE';
  static override usage = 'tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]';
  static override aliases = ['image:tag'];
  static override examples = ['skiff tag debian:12 localhost:5000/base'];
  static override minArgs = 2;
  static override maxArgs = 2;

  async run({ ctx, args: [source = '', target = ''] }: Parsed): Promise<number | undefined> {
    tagImage(ctx, source, target);
    return undefined;
  }
}
