// `skiff manifest push`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { pushManifestList } from '../../engine/manifest-push.ts';

export default class ManifestPush extends Command {
  static override description = 'Push a manifest list to a repository';
  static override usage = 'manifest push [OPTIONS] MANIFEST_LIST';
  static override examples = ['skiff manifest push --purge registry.example.com/app:1.2'];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = {
    insecure: flag.boolean({ description: 'Allow push to an insecure registry' }),
    purge: flag.boolean({ char: 'p', description: 'Remove the local manifest list after push' }),
  };

  async run({ ctx, flags: { insecure, purge }, args: [list = ''], io }: Parsed<typeof ManifestPush.flags>): Promise<number | undefined> {
    const onPushed = (name: string, digest: string): void => io.out(`Pushed ref ${name} with digest: ${digest}\n`);
    const digest = await interruptible((signal) => pushManifestList(ctx, { list, purge, onPushed, tlsVerify: !insecure, signal }));
    io.out(`${digest}\n`);
    return undefined;
  }
}
