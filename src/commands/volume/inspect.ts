// `skiff volume inspect`: what is found is shown even when some names are not.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { findVolume, measureVolumes, type VolumeView } from '../../engine/volume.ts';
import { renderVolumes } from '../../render/volume.ts';
import { EngineError } from '../../sys/errors.ts';

export default class VolumeInspect extends Command {
  static override description = 'Display detailed information on one or more volumes';
  static override usage = 'volume inspect [OPTIONS] VOLUME [VOLUME...]';
  static override examples = [
    'skiff volume inspect data',
    "skiff volume inspect -f '{{.Mountpoint}}' data",
    'skiff volume inspect --size data',
  ];
  static override minArgs = 1;
  static override flags = {
    format: flag.string({ char: 'f', description: "Format output: 'json', or a Go template" }),
    size: flag.boolean({ char: 's', description: 'Measure the files, and count the containers (UsageData)' }),
  };

  async run({ ctx, flags: { format, size }, args, io }: Parsed<typeof VolumeInspect.flags>): Promise<number> {
    const problems: EngineError[] = [];
    const found = args.flatMap((name): VolumeView[] => {
      try {
        return [findVolume(ctx, name)];
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        problems.push(error);
        return [];
      }
    });
    io.out(await renderVolumes(size && found.length > 0 ? await measureVolumes(ctx, found) : found, format));
    for (const { message, hint } of problems) io.err(`Error: ${message}\n${hint ? `${hint}\n` : ''}`);
    return problems.length > 0 ? 1 : 0;
  }
}
