// `skiff info`: what this machine allows, and which way of each ladder is taken because of it.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { commit, version } from '../cli/version.ts';
import { describeSystem } from '../engine/info.ts';
import { infoForTemplates, renderInfo } from '../render/info.ts';

export default class Info extends Command {
  static override description = 'Display system-wide information';
  static override usage = 'info [OPTIONS]';
  static override aliases = ['system:info'];
  static override examples = ['skiff info', "skiff info -f '{{.Driver}}: {{.Rootless.Storage.Reason}}'"];
  static override maxArgs = 0;
  static override flags = {
    format: flag.string({ char: 'f', description: "Format output: 'json', or a Go template" }),
  };

  async run({ ctx, flags: { format }, io }: Parsed<typeof Info.flags>): Promise<number | undefined> {
    const info = await describeSystem(ctx, { version, commit });
    if (format) {
      const { renderTemplate } = await import('../render/template.ts');
      io.out(`${renderTemplate(format === 'json' ? '{{json .}}' : format, infoForTemplates(info))}\n`);
      return undefined;
    }
    io.out(renderInfo(info));
    io.err(info.Warnings.map((warning) => `${warning}\n`).join(''));
    return undefined;
  }
}
