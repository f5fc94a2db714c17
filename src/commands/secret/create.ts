// `skiff secret create`: from a file, standard input or a variable.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import * as values from '../../cli/container-values.ts';
import { readInput } from '../../cli/read-input.ts';
import { refused } from '../../cli/refused.ts';
import { createSecret, MAX_SECRET_BYTES, secretFromFile, secretFromVariable } from '../../engine/secret.ts';

export default class SecretCreate extends Command {
  static override description = 'Create a secret from a file or STDIN as content';
  static override usage = 'secret create [OPTIONS] SECRET FILE|-';
  static override examples = [
    'skiff secret create password ./password.txt',
    'printf %s "$TOKEN" | skiff secret create token -',
    'skiff secret create --env token TOKEN',
  ];
  static override minArgs = 2;
  static override maxArgs = 2;
  static override flags = {
    driver: refused('not supported: secrets are kept in the local store alone', { char: 'd' }),
    env: flag.boolean({ description: 'Read the content from the environment variable of that name instead of a file' }),
    label: { ...flag.list({ char: 'l', description: 'Secret labels' }), parse: values.label },
    'template-driver': refused('not supported: a secret is kept as it is given'),
    replace: flag.boolean({ description: 'Replace the secret of that name if there is one' }),
  };

  async run({ ctx, flags, args: [name = '', source = ''], io }: Parsed<typeof SecretCreate.flags>): Promise<number | undefined> {
    const data = flags.env ? secretFromVariable(ctx, source) : source === '-' ? await readInput(MAX_SECRET_BYTES) : secretFromFile(source);
    const labels = Object.fromEntries(
      flags.label.map((label) => [label.split('=', 1)[0] ?? '', label.slice(label.indexOf('=') + 1 || label.length)]),
    );
    io.out(`${createSecret(ctx, { name, data, labels, replace: flags.replace })}\n`);
    return undefined;
  }
}
