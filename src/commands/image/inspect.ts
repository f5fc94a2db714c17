// `skiff image inspect`: images only.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { EngineError } from '../../sys/errors.ts';
import { inspectAll, inspectFlags } from '../inspect.ts';

const flags = {
  format: inspectFlags.format,
  platform: flag.string({
    description: 'Inspect a specific platform of the multi-platform image. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
  }),
  remote: flag.boolean({ description: 'Ask the registry, and store nothing; the size is then that of the compressed layers' }),
  'tls-verify': flag.string({
    description: 'With --remote, require HTTPS and verify certificates; =false also allows HTTP',
    options: ['true', 'false'],
    bareValue: 'true',
    helpValue: 'bool',
  }),
};

export default class ImageInspect extends Command {
  static override description = 'Display detailed information on one or more images';
  static override usage = 'image inspect [OPTIONS] IMAGE [IMAGE...]';
  static override examples = [
    "skiff image inspect -f '{{json .Config.Env}}' debian",
    'skiff image inspect --remote --platform linux/arm64 alpine',
  ];
  static override minArgs = 1;
  static override flags = flags;

  async run({ ctx, flags: { format, platform, remote, ...given }, args, io }: Parsed<typeof flags>): Promise<number | undefined> {
    if (!remote && given['tls-verify'] !== undefined) {
      throw new EngineError('ERR_USAGE', '--tls-verify is of use only together with --remote', {
        hint: 'What is stored needs no registry',
      });
    }
    if (!remote) return inspectAll(ctx, io, { names: args, type: 'image', format, platform });
    const { inspectRemote } = await import('../../engine/inspect-remote.ts');
    const tlsVerify = given['tls-verify'] !== 'false';
    return interruptible((signal) =>
      inspectAll(ctx, io, {
        names: args,
        type: 'image',
        format,
        look: (name) => inspectRemote(ctx, name, { platform, tlsVerify, signal }),
      }),
    );
  }
}
