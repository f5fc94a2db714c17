// `skiff secret ls`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { listSecrets } from '../../engine/secret.ts';
import { renderSecretList } from '../../render/secret.ts';

export default class SecretLs extends Command {
  static override description = 'List secrets';
  static override usage = 'secret ls [OPTIONS]';
  static override aliases = ['secret:list'];
  static override examples = ['skiff secret ls', "skiff secret ls --filter name='^db-' -q"];
  static override maxArgs = 0;
  static override flags = {
    filter: flag.list({ char: 'f', helpValue: 'filter', description: 'Filter output based on conditions provided (id, name, label)' }),
    format: flag.string({ description: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template" }),
    quiet: flag.boolean({ char: 'q', description: 'Only display IDs' }),
  };

  async run({ ctx, flags, io }: Parsed<typeof SecretLs.flags>): Promise<number | undefined> {
    const secrets = listSecrets(ctx, flags.filter);
    io.out(await renderSecretList(secrets, { quiet: flags.quiet, format: flags.format, now: ctx.now() }));
    return undefined;
  }
}
