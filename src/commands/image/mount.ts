// `skiff image mount`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { allImageIds, type MountedImage, mountedImages, mountImage } from '../../engine/image-mount.ts';
import { EngineError } from '../../sys/errors.ts';

export default class ImageMount extends Command {
  static override description = 'Mount images read-only inside "skiff unshare", or list what is mounted there';
  static override usage = 'image mount [OPTIONS] [IMAGE...]';
  static override examples = ['skiff unshare sh -c \'ls "$(skiff image mount debian)"\'', 'skiff image mount --format json'];
  static override flags = {
    all: flag.boolean({ char: 'a', description: 'Mount all images' }),
    format: flag.string({ description: "List what is mounted as 'json'", options: ['json'] }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof ImageMount.flags>): Promise<number | undefined> {
    if (flags.all && args.length > 0)
      throw new EngineError('ERR_BAD_OPTION', 'when using the --all switch, you may not pass any images names');
    const names = flags.all ? allImageIds(ctx) : args;
    const mounted: MountedImage[] = [];
    for (const name of names) mounted.push(await mountImage(ctx, name));
    const [only] = mounted;
    if (args.length === 1 && only) io.out(flags.format ? jsonOf([only]) : `${only.path}\n`);
    else {
      const shown = names.length > 0 ? mounted : mountedImages(ctx);
      io.out(flags.format ? jsonOf(shown) : shown.map((image) => `${image.name} ${image.path}\n`).join(''));
    }
    return undefined;
  }
}

function jsonOf(images: readonly MountedImage[]): string {
  const rows = images.map(({ id, references, path }) => ({ id: id.slice(7), Repositories: references, mountpoint: path }));
  return `${JSON.stringify(rows, undefined, 1)}\n`;
}
