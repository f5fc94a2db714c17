// `skiff image referrers`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { imageReferrers } from '../../engine/referrers.ts';
import { renderReferrers } from '../../render/referrers.ts';

export default class ImageReferrers extends Command {
  static override description = 'List what a registry has that refers to an image: signatures, SBOMs, artifacts';
  static override usage = 'image referrers [OPTIONS] NAME[:TAG|@DIGEST]';
  static override examples = [
    'skiff image referrers registry.example.com/app:1.2',
    'skiff image referrers --artifact-type application/spdx+json -q --no-trunc registry.example.com/app',
  ];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = {
    'artifact-type': flag.string({ description: 'Only artifacts of this type' }),
    format: flag.string({ description: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template" }),
    'no-trunc': flag.boolean({ description: "Don't truncate output" }),
    quiet: flag.boolean({ char: 'q', description: 'Only show digests' }),
    'tls-verify': flag.string({
      description: 'Require HTTPS and verify certificates; =false also allows HTTP',
      options: ['true', 'false'],
      bareValue: 'true',
      helpValue: 'bool',
    }),
  };

  async run({ ctx, flags, args: [reference = ''], io }: Parsed<typeof ImageReferrers.flags>): Promise<number | undefined> {
    const tlsVerify = flags['tls-verify'] === undefined ? undefined : flags['tls-verify'] !== 'false';
    const artifactType = flags['artifact-type'];
    const found = await interruptible((signal) => imageReferrers(ctx, { reference, artifactType, tlsVerify, signal }));
    io.out(await renderReferrers(found, { format: flags.format, noTrunc: flags['no-trunc'], quiet: flags.quiet }));
    return undefined;
  }
}
