// `skiff image copy`: prints the image's id.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { lockFlags, lockOptions } from '../../cli/flags-lock.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { copyImage } from '../../engine/image-copy.ts';
import { writeOutputFile } from '../../sys/output-file.ts';

const tlsFlag = (what: string) =>
  flag.string({
    description: `Require HTTPS and verify certificates at the ${what}; =false also allows HTTP`,
    options: ['true', 'false'],
    bareValue: 'true',
    helpValue: 'bool',
  });

export default class ImageCopy extends Command {
  static override description = 'Copy an image between the local store, archives, folders and registries';
  static override usage = 'image copy [OPTIONS] SOURCE TARGET';
  static override examples = [
    'skiff image copy docker-archive:app.tar app:1.2',
    'skiff image copy app:1.2 oci:layout:1.2',
    'skiff image copy docker://registry.example.com/app:1.2 docker://localhost:5000/app:1.2',
    'skiff image copy containers-storage:localhost/app app',
    'skiff image copy docker-daemon:app:1.2 app:1.2',
  ];
  static override minArgs = 2;
  static override maxArgs = 2;
  static override flags = {
    platform: flag.string({ description: 'Copy the image for this platform, of those that the source has' }),
    ...lockFlags,
    'src-tls-verify': tlsFlag('source'),
    'dest-tls-verify': tlsFlag('target'),
  };

  async run({ ctx, flags, args: [source = '', target = ''], io }: Parsed<typeof ImageCopy.flags>): Promise<number | undefined> {
    const tlsVerify = { source: flags['src-tls-verify'] !== 'false', target: flags['dest-tls-verify'] !== 'false' };
    const lock = lockOptions(flags);
    const toFile = (path: string, write: (fd: number) => Promise<void>) => writeOutputFile(path, 'failed to copy image', write);
    const id = await interruptible((signal) =>
      copyImage(ctx, { source, target, platform: flags.platform, tlsVerify, lock, toFile, signal }),
    );
    io.out(`${id}\n`);
    return 0;
  }
}
