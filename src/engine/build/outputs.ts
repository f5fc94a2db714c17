// The user's side of a build's outputs. Files and folders are opened here, before the build begins and with the user's own rights, so that a place that
// cannot be written is told at once; the worker gets a descriptor for each. A file has its name, and a new folder its, when the build is done and
// everything is written: a failure, Ctrl-C or a kill leaves nothing.
import { fchmodSync } from 'node:fs';
import { readStream, writeStream } from '../../sys/byte-stream.ts';
import { EngineError } from '../../sys/errors.ts';
import { writeOutputFile } from '../../sys/output-file.ts';
import type { OutputSpec } from './model.ts';
import { isOn, placeOf } from './output-spec.ts';
import { piped } from './outputs-pipe.ts';

export interface OutputsOptions {
  /** What `dest=-` writes to; undefined: there is nothing, or a terminal, which no archive goes to. */
  stdout: number | undefined;
  /** The worker's first free descriptor. */
  firstDescriptor: number;
  warn: (message: string) => void;
  signal: AbortSignal;
}

export interface OpenOutputs {
  /** As the worker is told of them. */
  outputs: OutputSpec[];
  /** What it is handed, from `firstDescriptor` on. */
  descriptors: number[];
}

/** Runs `build` with every place open. Throws ERR_BAD_OUTPUT before the build begins, and what writing to a place fails with. */
export async function withOutputs<T>(
  outputs: readonly OutputSpec[],
  options: OutputsOptions,
  build: (opened: OpenOutputs) => Promise<T>,
): Promise<T> {
  checkPlaces(outputs, options);
  return open(0, { outputs: [], descriptors: [] });

  async function open(index: number, opened: OpenOutputs): Promise<T> {
    const output = outputs[index];
    if (!output) return build(opened);
    const place = placeOf(output);
    const goOn = (fd: number): Promise<T> =>
      open(index + 1, {
        outputs: [...opened.outputs, { ...output, descriptor: options.firstDescriptor + opened.descriptors.length }],
        descriptors: [...opened.descriptors, fd],
      });
    if (place === undefined || !isOn(output, 'tar', true)) {
      return open(index + 1, { ...opened, outputs: [...opened.outputs, place === undefined ? output : await layoutOutput(output, place)] });
    }
    if (output.type === 'local') return (await import('./outputs-folder.ts')).unpackInto(place, options, goOn);
    if (place === '-') return piped((read) => copyToStdout(read, options), goOn);
    return fileOutput(place, goOn);
  }
}

/** The file appears when the build is done. */
async function fileOutput<T>(place: string, build: (fd: number) => Promise<T>): Promise<T> {
  const results: T[] = [];
  await writeOutputFile(place, 'failed to write the build output', async (fd) => {
    results.push(await build(fd));
    // As any file that the user makes.
    fchmodSync(fd, 0o666 & ~process.umask());
  });
  return results[0] as T;
}

async function layoutOutput(output: OutputSpec, place: string): Promise<OutputSpec> {
  const { checkLayout } = await import('./outputs-folder.ts');
  return { ...output, attributes: { ...output.attributes, dest: checkLayout(place) } };
}

async function copyToStdout(read: number, { stdout = 1, signal }: OutputsOptions): Promise<void> {
  const waiting: Buffer[] = [];
  await readStream(
    read,
    (chunk) => void waiting.push(Buffer.from(chunk)),
    signal,
    async () => {
      const isRead = await writeStream(stdout, waiting.splice(0), { signal, isOurs: false });
      if (!isRead) throw Object.assign(new Error('Nobody reads standard output any more'), { code: 'EPIPE' });
    },
  );
}

function checkPlaces(outputs: readonly OutputSpec[], { stdout }: OutputsOptions): void {
  const places = outputs.map(placeOf).filter((place) => place !== undefined);
  const twice = places.find((place, index) => places.indexOf(place) !== index);
  if (twice !== undefined) throw new EngineError('ERR_OUTPUT', `Invalid output: two outputs are to go to "${twice}"`);
  if (!places.includes('-') || stdout !== undefined) return;
  const { type } = outputs.find((output) => placeOf(output) === '-') ?? { type: 'tar' };
  throw new EngineError('ERR_TERMINAL', `dest file is required for ${type} exporter. refusing to write to console`, {
    hint: 'Name a file with dest=, or redirect standard output',
  });
}
