// `skiff export`: to a file that appears whole, or to standard output unless that is a terminal.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { interruptible } from '../cli/interruptible.ts';
import { BrokenPipe } from '../cli/io.ts';
import { exportContainer } from '../engine/export.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { writeOutputFile } from '../sys/output-file.ts';

const STDOUT = 1;

export default class Export extends Command {
  static override description = "Export a container's filesystem as a tar archive";
  static override usage = 'export [OPTIONS] CONTAINER';
  static override aliases = ['container:export'];
  static override examples = ['skiff export -o web.tar web', 'skiff export web | tar -t'];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = {
    output: flag.string({ char: 'o', description: 'Write to a file, instead of STDOUT' }),
  };

  async run({ ctx, flags, args: [name = ''], io }: Parsed<typeof Export.flags>): Promise<number | undefined> {
    const write = (output: number): Promise<void> => interruptible((signal) => exportContainer(ctx, name, { output, signal }));
    if (flags.output) {
      await writeOutputFile(flags.output, 'failed to export container', write);
      return 0;
    }
    if (io.stdoutIsTerminal) {
      throw new EngineError('ERR_TERMINAL', 'cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    await write(STDOUT).catch((error: unknown) => {
      throw errnoOf(error) === 'EPIPE' ? new BrokenPipe() : error;
    });
    return 0;
  }
}
