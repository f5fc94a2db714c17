// `skiff image unmount`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { forEachName } from '../../cli/each.ts';
import { mountedImages, unmountImage } from '../../engine/image-mount.ts';
import { EngineError } from '../../sys/errors.ts';

export default class ImageUnmount extends Command {
  static override description = 'Unmount images that were mounted inside "skiff unshare"';
  static override usage = 'image unmount [OPTIONS] [IMAGE...]';
  static override aliases = ['image:umount'];
  static override examples = ['skiff image unmount debian', 'skiff image unmount --all'];
  static override flags = {
    all: flag.boolean({ char: 'a', description: 'Unmount all images' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof ImageUnmount.flags>): Promise<number | undefined> {
    if (flags.all === args.length > 0) {
      throw new EngineError(
        'ERR_USAGE',
        flags.all ? 'when using the --all switch, you may not pass any images names' : 'image name or ID must be specified',
        {
          hint: 'Give the images, or --all',
        },
      );
    }
    // Asked first: outside of a session nothing of it is true.
    const mounted = mountedImages(ctx, 'unmount');
    const names = flags.all ? mounted.map(({ id }) => id) : args;
    return forEachName({ ctx, args: names, io }, async (name) => unmountImage(ctx, name).slice('sha256:'.length));
  }
}
