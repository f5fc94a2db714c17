// What volumes take of the disk, as du counts it: a worker's work, who may look into every folder.
import type { VolumeSizes, VolumeSizesJob } from '../../runtime/messages-volume.ts';
import { diskUsage } from '../../storage/disk-usage.ts';
import { volumeDir } from '../../storage/layout.ts';
import type { Ctx } from '../../sys/context.ts';

export async function volumeSizes(ctx: Ctx, { names }: VolumeSizesJob): Promise<VolumeSizes> {
  return { sizes: Object.fromEntries(names.map((name) => [name, diskUsage([volumeDir(ctx, name)])])) };
}
