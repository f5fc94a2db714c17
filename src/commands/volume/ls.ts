// `skiff volume ls`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { refused } from '../../cli/refused.ts';
import { findVolumes } from '../../engine/volume.ts';
import { renderVolumeList } from '../../render/volume.ts';

export default class VolumeLs extends Command {
  static override description = 'List volumes';
  static override usage = 'volume ls [OPTIONS]';
  static override aliases = ['volume:list'];
  static override examples = [
    'skiff volume ls',
    'skiff volume ls -q --filter dangling=true',
    "skiff volume ls --format '{{.Name}}: {{.Mountpoint}}'",
  ];
  static override maxArgs = 0;
  static override flags = {
    cluster: refused('not supported: there is no swarm, and so there are no cluster volumes', { isSwitch: true }),
    filter: flag.list({ char: 'f', helpValue: 'filter', description: 'Provide filter values (e.g. "dangling=true")' }),
    format: flag.string({ description: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template" }),
    quiet: flag.boolean({ char: 'q', description: 'Only display volume names' }),
  };

  async run({ ctx, flags: { filter, format, quiet }, io }: Parsed<typeof VolumeLs.flags>): Promise<undefined> {
    io.out(await renderVolumeList(findVolumes(ctx, filter), { quiet, format }));
  }
}
