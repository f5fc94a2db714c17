// `skiff volume update`: Docker's, for cluster volumes alone.

import { Command } from '../../cli/command.ts';
import { clusterVolumeFlags } from '../../cli/flags-cluster-volume.ts';
import { EngineError } from '../../sys/errors.ts';

export default class VolumeUpdate extends Command {
  static override description = 'Update a volume (cluster volumes only)';
  static override usage = 'volume update [OPTIONS] [VOLUME]';
  static override examples = ['skiff volume inspect data'];
  static override hidden = true;
  static override flags = { availability: clusterVolumeFlags.availability };

  async run(): Promise<never> {
    throw new EngineError('ERR_NO_SWARM', 'This command is for cluster volumes only, and there is no swarm here', {
      hint: 'Labels and options of a volume are given when it is made: skiff volume create --label … NAME',
    });
  }
}
