// `skiff load`: says what it loaded as Docker does, a line for each name.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { interruptible } from '../cli/interruptible.ts';
import { parseBytes } from '../engine/create/sizes.ts';
import { loadImages } from '../engine/load.ts';
import { createLoadProgress } from '../render/load-progress.ts';
import { EngineError } from '../sys/errors.ts';

export default class Load extends Command {
  static override description = 'Load an image from a tar archive or STDIN';
  static override usage = 'load [OPTIONS]';
  static override aliases = ['image:load'];
  static override examples = ['skiff load -i images.tar', 'skiff load < images.tar.xz', 'skiff load -i oci-layout-folder'];
  static override maxArgs = 0;
  static override flags = {
    input: flag.string({ char: 'i', description: 'Read from tar archive file, instead of STDIN' }),
    platform: flag.string({
      description: 'Load only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    }),
    quiet: flag.boolean({ char: 'q', description: 'Suppress the load output' }),
    'max-layer-size': flag.custom({
      description: 'Largest layer to accept, unpacked (for instance 50g)',
      helpValue: 'bytes',
      parse: parseBytes,
    }),
  };

  async run({ ctx, flags, io }: Parsed<typeof Load.flags>): Promise<number | undefined> {
    const { input, platform, quiet } = flags;
    if (!input && io.stdinIsTerminal) {
      throw new EngineError('ERR_TERMINAL', 'requested load from stdin, but stdin is empty', {
        hint: 'Name the archive with -i, or redirect',
      });
    }
    // Elsewhere Docker's default is quiet as well.
    const isShown = !quiet && io.stdoutIsTerminal;
    const onProgress = isShown
      ? createLoadProgress({ write: (text) => io.out(text), isTerminal: true, columns: io.columns })
      : () => undefined;
    const images = await interruptible((signal) =>
      loadImages(ctx, { input: input || undefined, platform, maxLayerBytes: flags['max-layer-size'], onProgress, signal }),
    );
    for (const { id, names, moved } of images) {
      for (const { name, from } of moved) {
        io.out(`The image ${name} already exists, renaming the old one with ID ${from} to empty string\n`);
      }
      for (const name of names) io.out(`Loaded image: ${name}\n`);
      if (names.length === 0) io.out(`Loaded image ID: ${id}\n`);
    }
    return 0;
  }
}
