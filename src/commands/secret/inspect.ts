// `skiff secret inspect`: what is found is shown even when some names are not.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { refused } from '../../cli/refused.ts';
import { inspectSecret } from '../../engine/secret.ts';
import { renderSecrets } from '../../render/secret.ts';
import { EngineError } from '../../sys/errors.ts';

export default class SecretInspect extends Command {
  static override description = 'Display detailed information on one or more secrets';
  static override usage = 'secret inspect [OPTIONS] SECRET [SECRET...]';
  static override examples = ['skiff secret inspect password', "skiff secret inspect --showsecret -f '{{.SecretData}}' password"];
  static override minArgs = 1;
  static override flags = {
    format: flag.string({ char: 'f', description: "Format output: 'json', or a Go template" }),
    pretty: refused('not supported yet: use --format', { isSwitch: true }),
    showsecret: flag.boolean({ description: 'Display the secret itself' }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof SecretInspect.flags>): Promise<number | undefined> {
    const problems: EngineError[] = [];
    const found = args.flatMap((name) => {
      try {
        return [inspectSecret(ctx, name, { data: flags.showsecret })];
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        problems.push(error);
        return [];
      }
    });
    io.out(await renderSecrets(found, flags.format));
    for (const { message, hint } of problems) io.err(`Error: ${message}\n${hint ? `${hint}\n` : ''}`);
    return problems.length > 0 ? 1 : 0;
  }
}
