// `skiff system df`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { measureSystem } from '../../engine/system-df.ts';
import { renderDiskUsage } from '../../render/disk-usage.ts';

export default class SystemDf extends Command {
  static override description = 'Show disk usage of images, containers and volumes';
  static override usage = 'system df [OPTIONS]';
  static override examples = ['skiff system df', 'skiff system df -v', "skiff system df --format '{{.Type}} {{.Reclaimable}}'"];
  static override maxArgs = 0;
  static override flags = {
    format: flag.string({ description: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template" }),
    verbose: flag.boolean({ char: 'v', description: 'Show detailed information on space usage' }),
  };

  async run({ ctx, flags: { format, verbose }, io }: Parsed<typeof SystemDf.flags>): Promise<number | undefined> {
    io.out(await renderDiskUsage(await measureSystem(ctx), { verbose, format, now: ctx.now(), env: ctx.env }));
    return undefined;
  }
}
