// `skiff manifest create`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { createManifestList } from '../../engine/manifest-list.ts';

export default class ManifestCreate extends Command {
  static override description = 'Create a local manifest list for annotating and pushing to a registry';
  static override usage = 'manifest create MANIFEST_LIST MANIFEST [MANIFEST...]';
  static override examples = [
    'skiff manifest create registry.example.com/app:1.2 registry.example.com/app:1.2-amd64 registry.example.com/app:1.2-arm64',
  ];
  static override minArgs = 2;
  static override flags = {
    amend: flag.boolean({ char: 'a', description: 'Amend an existing manifest list' }),
    insecure: flag.boolean({ description: 'Allow communication with an insecure registry' }),
  };

  async run({ ctx, flags, args: [list = '', ...manifests], io }: Parsed<typeof ManifestCreate.flags>): Promise<number | undefined> {
    const { amend, insecure } = flags;
    const name = await interruptible((signal) => createManifestList(ctx, { list, manifests, amend, tlsVerify: !insecure, signal }));
    io.out(`Created manifest list ${name}\n`);
    return undefined;
  }
}
