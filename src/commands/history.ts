// `skiff history`
import { Command, flag, type Parsed } from '../cli/command.ts';
import { imageHistory } from '../engine/image-history.ts';
import { renderHistory } from '../render/image-history.ts';

export default class History extends Command {
  static override description = 'Show the history of an image';
  static override usage = 'history [OPTIONS] IMAGE';
  static override aliases = ['image:history'];
  static override examples = ['skiff history debian', "skiff history --no-trunc --format '{{.CreatedBy}}' debian"];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = {
    format: flag.string({ description: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template" }),
    human: flag.boolean({ char: 'H', default: true, description: 'Print sizes and dates in human readable format' }),
    'no-trunc': flag.boolean({ description: "Don't truncate output" }),
    platform: flag.string({
      description: 'Show history for the given platform. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    }),
    quiet: flag.boolean({ char: 'q', description: 'Only show image IDs' }),
  };

  async run({ ctx, flags, args: [name = ''], io }: Parsed<typeof History.flags>): Promise<number | undefined> {
    const { quiet, human, format, platform } = flags;
    const steps = imageHistory(ctx, name, { platform });
    io.out(await renderHistory(steps, { quiet, human, format, noTrunc: flags['no-trunc'], now: ctx.now() }));
    return undefined;
  }
}
