// `skiff manifest inspect`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { inspectManifest } from '../../engine/manifest-inspect.ts';
import { renderIndex, renderManifest, renderVerbose } from '../../render/manifest.ts';

export default class ManifestInspect extends Command {
  static override description = 'Display an image manifest, or manifest list';
  static override usage = 'manifest inspect [OPTIONS] [MANIFEST_LIST] MANIFEST';
  static override examples = ['skiff manifest inspect debian', 'skiff manifest inspect -v registry.example.com/app:1.2'];
  static override minArgs = 1;
  static override maxArgs = 2;
  static override flags = {
    insecure: flag.boolean({ description: 'Allow communication with an insecure registry' }),
    verbose: flag.boolean({ char: 'v', description: 'Output additional info including layers and platform' }),
  };

  async run({ ctx, flags: { insecure, verbose }, args, io }: Parsed<typeof ManifestInspect.flags>): Promise<number | undefined> {
    const name = args.at(-1) ?? '';
    const list = args.length === 2 ? args[0] : undefined;
    const found = await interruptible((signal) => inspectManifest(ctx, { list, name, verbose, tlsVerify: !insecure, signal }));
    if (verbose) io.out(renderVerbose(found.kind, found.manifests));
    else io.out(found.kind === 'index' ? renderIndex(found.bytes) : renderManifest(found.bytes));
    return undefined;
  }
}
