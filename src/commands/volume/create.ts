// `skiff volume create`: prints the name, of a new volume or of the one that is there.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import * as values from '../../cli/container-values.ts';
import { clusterVolumeFlags } from '../../cli/flags-cluster-volume.ts';
import { keyValues } from '../../cli/key-values.ts';
import { makeVolume } from '../../engine/volume.ts';

export default class VolumeCreate extends Command {
  static override description = 'Create a volume';
  static override usage = 'volume create [OPTIONS] [VOLUME]';
  static override examples = [
    'skiff volume create data',
    'skiff volume create -o type=tmpfs -o device=tmpfs -o o=size=100m,uid=1000 scratch',
    'skiff volume create -o type=none -o o=bind -o device=/srv/www --label site=main www',
  ];
  static override maxArgs = 1;
  static override flags = {
    ...clusterVolumeFlags,
    driver: flag.string({ char: 'd', description: 'Specify volume driver name (default "local")' }),
    label: { ...flag.list({ description: 'Set metadata for a volume' }), parse: values.label },
    opt: flag.list({ char: 'o', helpValue: 'map', description: 'Set driver specific options (default map[])' }),
  };

  async run({ ctx, flags: { driver = 'local', label, opt }, args: [name], io }: Parsed<typeof VolumeCreate.flags>): Promise<undefined> {
    io.out(`${makeVolume(ctx, { name: name || undefined, driver, labels: keyValues(label), options: keyValues(opt) })}\n`);
  }
}
