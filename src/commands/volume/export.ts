// `skiff volume export`: to a file that appears whole, or to standard output unless that is a terminal.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { pauseFlag } from '../../cli/flags-volume.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { BrokenPipe } from '../../cli/io.ts';
import { exportVolume } from '../../engine/volume-archive.ts';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { writeOutputFile } from '../../sys/output-file.ts';

const STDOUT = 1;

export default class VolumeExport extends Command {
  static override description = 'Export the files of a volume as a tar archive';
  static override usage = 'volume export [OPTIONS] VOLUME';
  static override examples = ['skiff volume export -o data.tar data', 'skiff volume export data | zstd >data.tar.zst'];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = {
    ...pauseFlag,
    output: flag.string({ char: 'o', description: 'Write to a file, instead of STDOUT' }),
  };

  async run({ ctx, flags: { output, pause }, args: [name = ''], io }: Parsed<typeof VolumeExport.flags>): Promise<undefined> {
    const write = (fd: number): Promise<void> => interruptible((signal) => exportVolume(ctx, name, { output: fd, pause, signal }));
    if (output) return void (await writeOutputFile(output, 'failed to export volume', write));
    if (io.stdoutIsTerminal) {
      throw new EngineError('ERR_TERMINAL', 'cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    await write(STDOUT).catch((error: unknown) => {
      throw errnoOf(error) === 'EPIPE' ? new BrokenPipe() : error;
    });
  }
}
