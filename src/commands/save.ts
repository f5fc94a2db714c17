// `skiff save`: to a file or folder that appears whole, or to standard output unless that is a terminal.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { interruptible } from '../cli/interruptible.ts';
import { BrokenPipe } from '../cli/io.ts';
import { findImagesToSave, type SaveTarget, saveImages } from '../engine/save.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { writeOutputFile } from '../sys/output-file.ts';
import { writeOutputFolder } from '../sys/output-folder.ts';

const STDOUT = 1;
const FORMATS = ['docker-archive', 'oci-archive', 'oci-dir'] as const;

export default class Save extends Command {
  static override description = 'Save one or more images to a tar archive (streamed to STDOUT by default)';
  static override usage = 'save [OPTIONS] IMAGE [IMAGE...]';
  static override aliases = ['image:save'];
  static override examples = [
    'skiff save -o images.tar alpine debian:bookworm',
    'skiff save alpine | zstd > alpine.tar.zst',
    'skiff save --format oci-dir -o layout alpine',
  ];
  static override minArgs = 1;
  static override flags = {
    format: flag.custom({
      description: 'Format of what is written: "docker-archive", "oci-archive" or "oci-dir"',
      default: 'docker-archive' as const,
      parse: formatOf,
    }),
    output: flag.string({ char: 'o', description: 'Write to a file, instead of STDOUT' }),
    platform: flag.string({
      description: 'Save only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    }),
  };

  async run({ ctx, flags: { format, output, platform }, args, io }: Parsed<typeof Save.flags>): Promise<number | undefined> {
    if (!output && io.stdoutIsTerminal) {
      throw new EngineError('ERR_TERMINAL', 'cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    if (!output && format === 'oci-dir') {
      throw new EngineError('ERR_USAGE', 'The format oci-dir is a folder, which standard output cannot be', { hint: 'Name it with -o' });
    }
    const images = findImagesToSave(ctx, args, { format, platform });
    const write = (target: SaveTarget): Promise<void> =>
      interruptible((signal) => saveImages(ctx, images, { format, target, single: platform !== undefined, signal }));
    if (output && format === 'oci-dir') await writeOutputFolder(output, 'failed to save image', (folder) => write({ folder }));
    else if (output) await writeOutputFile(output, 'failed to save image', (fd) => write({ output: fd }));
    else {
      await write({ output: STDOUT }).catch((error: unknown) => {
        throw errnoOf(error) === 'EPIPE' ? new BrokenPipe() : error;
      });
    }
    return 0;
  }
}

function formatOf(text: string): (typeof FORMATS)[number] {
  const format = FORMATS.find((known) => known === text);
  if (format === undefined) throw new Error(`must be one of ${FORMATS.map((known) => `"${known}"`).join(', ')}`);
  return format;
}
