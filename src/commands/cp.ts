// `skiff cp`: files and folders into a container and out of it.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { interruptible } from '../cli/interruptible.ts';
import { splitArgument } from '../engine/cp/paths.ts';
import { type CopyOptions, copyFromContainer, copyToContainer } from '../engine/cp.ts';
import { createCopyProgress } from '../render/copy-progress.ts';
import { EngineError } from '../sys/errors.ts';

export default class Cp extends Command {
  static override description = 'Copy files/folders between a container and the local filesystem';
  static override usage = 'cp [OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tskiff cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH';
  static override aliases = ['container:cp'];
  static override examples = [
    'skiff cp web:/etc/nginx ./nginx',
    'skiff cp ./site/. web:/usr/share/nginx/html',
    'skiff cp web:/var/log - | tar t',
    'tar c -C site . | skiff cp - web:/srv',
  ];
  static override minArgs = 2;
  static override maxArgs = 2;
  static override flags = {
    archive: flag.boolean({ char: 'a', description: 'Archive mode (copy all uid/gid information)' }),
    'follow-link': flag.boolean({ char: 'L', description: 'Always follow symbol link in SRC_PATH' }),
    quiet: flag.boolean({
      char: 'q',
      description: 'Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached',
    }),
  };

  async run({ ctx, flags, given, args: [from = '', to = ''], io }: Parsed<typeof Cp.flags>): Promise<number | undefined> {
    if (from === '') throw refused('source can not be empty');
    if (to === '') throw refused('destination can not be empty');
    const [source, target] = [splitArgument(from), splitArgument(to)];
    const container = source.container ?? target.container;
    if (source.container !== undefined && target.container !== undefined) throw refused('copying between containers is not supported');
    if (container === undefined) throw refused('must specify at least one container source');
    const isOut = source.container !== undefined;
    const [path, local] = isOut ? [source.path, target.path] : [target.path, source.path];
    const progress = createCopyProgress({
      write: (text) => io.err(text),
      isTerminal: io.stderrIsTerminal,
      isQuiet: local === '-' || (given.has('quiet') ? flags.quiet : !io.stdoutIsTerminal),
      isOut,
    });
    const common = { container, path, archive: flags.archive, followLink: flags['follow-link'], onProgress: progress.update };
    const copy = (signal: AbortSignal) => {
      const options: CopyOptions = { ...common, local: local === '-' ? (isOut ? 1 : 0) : local, signal };
      return isOut ? copyFromContainer(ctx, options) : copyToContainer(ctx, options);
    };
    try {
      progress.end(await interruptible(copy));
    } finally {
      progress.end();
    }
    return 0;
  }
}

const refused = (message: string): EngineError =>
  new EngineError('ERR_BAD_ARGUMENT', message, { hint: 'One of the two is CONTAINER:PATH, the other a path here or "-"' });
