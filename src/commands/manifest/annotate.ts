// `skiff manifest annotate`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { annotateManifest } from '../../engine/manifest-list.ts';

export default class ManifestAnnotate extends Command {
  static override description = 'Add additional information to a local image manifest';
  static override usage = 'manifest annotate [OPTIONS] MANIFEST_LIST MANIFEST';
  static override examples = ['skiff manifest annotate --arch arm --variant v7 registry.example.com/app registry.example.com/app:arm'];
  static override minArgs = 2;
  static override maxArgs = 2;
  static override flags = {
    arch: flag.string({ description: 'Set architecture' }),
    os: flag.string({ description: 'Set operating system' }),
    'os-features': { ...flag.list({ description: 'Set operating system feature' }), helpValue: 'strings' },
    'os-version': flag.string({ description: 'Set operating system version' }),
    variant: flag.string({ description: 'Set architecture variant' }),
  };

  async run({ ctx, flags, args: [list = '', manifest = ''] }: Parsed<typeof ManifestAnnotate.flags>): Promise<number | undefined> {
    const { arch, os, variant, 'os-version': osVersion } = flags;
    const osFeatures = flags['os-features'].flatMap((text) => text.split(',')).filter(Boolean);
    annotateManifest(ctx, { list, manifest, arch, os, variant, osVersion, osFeatures });
    return undefined;
  }
}
