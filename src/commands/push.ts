// `skiff push`: output as Docker's.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { interruptible } from '../cli/interruptible.ts';
import { refused } from '../cli/refused.ts';
import { pullNames } from '../engine/pull-names.ts';
import { pushImage } from '../engine/push.ts';
import { createPushProgress } from '../render/push-progress.ts';
import { EngineError } from '../sys/errors.ts';

export default class Push extends Command {
  static override description = 'Upload an image to a registry';
  static override usage = 'push [OPTIONS] NAME[:TAG]';
  static override aliases = ['image:push'];
  static override examples = ['skiff push localhost:5000/app:1.2', 'skiff push --all-tags registry.example.com/team/app'];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = {
    'all-tags': flag.boolean({ char: 'a', description: 'Push all tags of an image to the repository' }),
    'disable-content-trust': refused('not supported: there is no content trust to disable', { isSwitch: true }),
    platform: flag.string({
      description: "Push a platform-specific manifest as a single-platform image to the registry: 'os[/arch[/variant]]'",
    }),
    quiet: flag.boolean({ char: 'q', description: 'Suppress verbose output' }),
    'tls-verify': flag.string({
      description: 'Require HTTPS and verify certificates; =false also allows HTTP',
      options: ['true', 'false'],
      bareValue: 'true',
      helpValue: 'bool',
    }),
  };

  async run({ ctx, flags, args: [name = ''], io }: Parsed<typeof Push.flags>): Promise<number | undefined> {
    const { quiet, platform, 'all-tags': allTags } = flags;
    const names = pullNames(name);
    if (allTags && names.defaultTag === undefined) {
      throw new EngineError('ERR_BAD_REFERENCE', "tag can't be used with --all-tags/-a", { hint: 'Give the name without a tag' });
    }
    if (!quiet && !allTags && names.defaultTag !== undefined) io.out(`Using default tag: ${names.defaultTag}\n`);
    const progress = createPushProgress({ write: (text) => io.out(text), isTerminal: io.stdoutIsTerminal, columns: io.columns });
    const tlsVerify = flags['tls-verify'] !== 'false';
    const onProgress = quiet ? () => {} : progress;
    await interruptible((signal) => pushImage(ctx, { reference: name, allTags, platform, tlsVerify, onProgress, signal }));
    if (quiet) io.out(`${allTags ? names.repository : names.full}\n`);
    return 0;
  }
}
