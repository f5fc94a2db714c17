// `skiff rmi`
import { Command, flag, type Parsed } from '../cli/command.ts';
import { forEachName } from '../cli/each.ts';
import { removeImage } from '../engine/remove-image.ts';
import { EngineError } from '../sys/errors.ts';

export default class Rmi extends Command {
  static override description = 'Remove one or more images';
  static override usage = 'rmi [OPTIONS] IMAGE [IMAGE...]';
  static override aliases = ['image:rm', 'image:remove'];
  static override examples = ['skiff rmi alpine', 'skiff rmi -f 3f57d9401f8d'];
  static override minArgs = 1;
  static override flags = {
    // Images have no parents here, so none is ever deleted with its child.
    'no-prune': flag.boolean({ description: 'Do not delete untagged parents' }),
    platform: flag.list({
      description: 'Remove only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
      helpValue: 'strings',
    }),
    force: flag.boolean({ char: 'f', description: 'Force removal of the image' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Rmi.flags>): Promise<number | undefined> {
    const [platform, ...others] = flags.platform.flatMap((text) => text.split(','));
    if (others.length > 0)
      throw new EngineError('ERR_BAD_PLATFORM', 'multiple platforms are not supported', { hint: 'Of an image, one platform is kept' });
    return forEachName({ ctx, args, io }, async (name) => {
      try {
        const { untagged, deleted } = await removeImage(ctx, name, { force: flags.force ?? false, platform });
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
