// `skiff buildx imagetools inspect`
import { Command, flag, type Parsed } from '../../../cli/command.ts';
import { interruptible } from '../../../cli/interruptible.ts';
import { inspectRemoteImage } from '../../../engine/imagetools.ts';
import { renderRemoteImage } from '../../../render/imagetools.ts';

export default class ImagetoolsInspect extends Command {
  static override description = 'Show details of an image in the registry';
  static override usage = 'buildx imagetools inspect [OPTIONS] NAME';
  static override examples = [
    'skiff buildx imagetools inspect debian',
    "skiff buildx imagetools inspect --format '{{json .Provenance}}' registry.example.com/app:1",
  ];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = {
    format: flag.string({ description: 'Format the output using the given Go template' }),
    raw: flag.boolean({ description: 'Show original, unformatted JSON manifest' }),
    'tls-verify': flag.string({
      description: 'Require HTTPS and verify certificates; =false also allows HTTP',
      options: ['true', 'false'],
      bareValue: 'true',
      helpValue: 'bool',
    }),
  };

  async run({ ctx, flags, args: [name = ''], io }: Parsed<typeof ImagetoolsInspect.flags>): Promise<number | undefined> {
    await interruptible(async (signal) => {
      const found = await inspectRemoteImage(ctx, name, { tlsVerify: flags['tls-verify'] !== 'false', signal });
      if (flags.raw) io.out(Buffer.from(found.bytes).toString());
      else if (flags.format === undefined) io.out(renderRemoteImage(found));
      else {
        const { renderTemplate } = await import('../../../render/template.ts');
        io.out(`${renderTemplate(flags.format === 'json' ? '{{json .}}' : flags.format, await found.details())}\n`);
      }
    });
    return undefined;
  }
}
