// `skiff import`: prints the new image's id, as Docker does.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { interruptible } from '../cli/interruptible.ts';
import { importImage } from '../engine/import.ts';
import { EngineError } from '../sys/errors.ts';

export default class Import extends Command {
  static override description = 'Import the contents from a tarball to create a filesystem image';
  static override usage = 'import [OPTIONS] file|URL|- [REPOSITORY[:TAG]]';
  static override aliases = ['image:import'];
  static override examples = [
    'skiff import rootfs.tar.gz my/base',
    'skiff export web | skiff import - web:flat',
    `skiff import -c 'CMD ["/bin/sh"]' https://example.com/rootfs.tar.xz my/base:1`,
  ];
  static override minArgs = 1;
  static override maxArgs = 2;
  static override flags = {
    change: flag.list({ char: 'c', description: 'Apply Dockerfile instruction to the created image' }),
    message: flag.string({ char: 'm', description: 'Set commit message for imported image' }),
    platform: flag.string({ description: 'Set platform if server is multi-platform capable' }),
  };

  async run({ ctx, flags, args: [source = '', reference], io }: Parsed<typeof Import.flags>): Promise<number | undefined> {
    if (source === '-' && io.stdinIsTerminal) {
      throw new EngineError('ERR_TERMINAL', 'requested import from stdin, but stdin is a terminal', { hint: 'Redirect an archive to it' });
    }
    const { change, message, platform } = flags;
    const id = await interruptible((signal) => importImage(ctx, { source, reference, changes: change, message, platform, signal }));
    io.out(`${id}\n`);
    return 0;
  }
}
