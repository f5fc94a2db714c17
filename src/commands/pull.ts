// `skiff pull`: output as Docker's, the canonical name last, on standard output.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { lockFlags, lockOptions } from '../cli/flags-lock.ts';
import { interruptible } from '../cli/interruptible.ts';
import { pullToTerminal, sayStatus } from '../cli/pull-progress.ts';
import { refused } from '../cli/refused.ts';
import { parseBytes } from '../engine/create/sizes.ts';
import { listRemoteTags } from '../engine/pull.ts';
import { pullNames } from '../engine/pull-names.ts';
import { EngineError } from '../sys/errors.ts';

export default class Pull extends Command {
  static override description = 'Download an image from a registry';
  static override usage = 'pull [OPTIONS] NAME[:TAG|@DIGEST]';
  static override aliases = ['image:pull'];
  static override examples = ['skiff pull alpine', 'skiff pull --platform linux/arm64 alpine', 'skiff pull localhost:5000/app'];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = {
    'disable-content-trust': refused('not supported: there is no content trust to disable', { isSwitch: true }),
    'all-tags': flag.boolean({ char: 'a', description: 'Download all tagged images in the repository' }),
    platform: flag.string({ description: 'Set platform if server is multi-platform capable' }),
    quiet: flag.boolean({ char: 'q', description: 'Suppress verbose output' }),
    'tls-verify': flag.string({
      description: 'Require HTTPS and verify certificates; =false also allows HTTP',
      options: ['true', 'false'],
      bareValue: 'true',
      helpValue: 'bool',
    }),
    ...lockFlags,
    'max-layer-size': flag.custom({
      description: 'Largest layer to accept, unpacked (for instance 50g)',
      helpValue: 'bytes',
      parse: parseBytes,
    }),
  };

  async run({ ctx, flags, args: [name = ''], io }: Parsed<typeof Pull.flags>): Promise<number | undefined> {
    const { platform, quiet } = flags;
    const common = {
      ctx,
      io,
      platform,
      quiet,
      stream: 'out',
      tlsVerify: flags['tls-verify'] !== 'false',
      maxLayerBytes: flags['max-layer-size'],
      lock: lockOptions(flags),
    } as const;
    const names = pullNames(name);
    if (flags['all-tags']) {
      if (names.defaultTag === undefined) throw tagWithAllTags();
      const tags = await interruptible((signal) => listRemoteTags(ctx, { reference: name, tlsVerify: common.tlsVerify, signal }));
      const references = tags.map((tag) => `${names.repository}:${tag}`);
      // One that is refused is refused before the first is pulled.
      if (common.lock) {
        const { requiredPin } = await import('../engine/lock-pins.ts');
        for (const reference of references) await requiredPin(common.lock, reference);
      }
      const results: Awaited<ReturnType<typeof pullToTerminal>>[] = [];
      for (const reference of references) results.push(await pullToTerminal({ ...common, reference, isPart: true }));
      if (!quiet) sayStatus((text) => io.out(text), results, names.familiarRepository);
      io.out(`${names.repository}\n`);
      return 0;
    }
    if (!quiet && names.defaultTag !== undefined) io.out(`Using default tag: ${names.defaultTag}\n`);
    await pullToTerminal({ ...common, reference: name });
    io.out(`${names.full}\n`);
    return 0;
  }
}

function tagWithAllTags(): EngineError {
  return new EngineError('ERR_BAD_REFERENCE', "tag can't be used with --all-tags/-a", { hint: 'Give the name without a tag' });
}
