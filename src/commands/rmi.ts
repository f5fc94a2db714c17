// `skiff rmi`
import { Command, flag, type Parsed } from '../cli/command.ts';
import { forEachName } from '../cli/each.ts';
import { refused } from '../cli/refused.ts';
import { removeImage } from '../engine/remove-image.ts';
import { EngineError } from '../sys/errors.ts';

export default class Rmi extends Command {
  static override description = 'Remove one or more images';
  static override usage = 'rmi [OPTIONS] IMAGE [IMAGE...]';
  static override aliases = ['image:rm', 'image:remove'];
  static override examples = ['skiff rmi alpine', 'skiff rmi -f 3f57d9401f8d'];
  static override minArgs = 1;
  static override flags = {
    'no-prune': refused('not supported: there are no untagged parents to keep', { isSwitch: true }),
    platform: refused('not supported: of an image, one platform is kept'),
    force: flag.boolean({ char: 'f', description: 'Force removal of the image' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Rmi.flags>): Promise<number | undefined> {
    return forEachName({ ctx, args, io }, async (name) => {
      try {
        const { untagged, deleted } = await removeImage(ctx, name, { force: flags.force ?? false });
        return [...untagged.map((reference) => `Untagged: ${reference}`), ...deleted.map((id) => `Deleted: ${id}`)].join('\n');
      } catch (error) {
        // As Docker: what is not there need not be removed by force.
        if (!flags.force || !(error instanceof EngineError) || error.code !== 'ERR_NO_SUCH_IMAGE') throw error;
        io.err(`skiff: ${error.message}\n`);
        return undefined;
      }
    });
  }
}
