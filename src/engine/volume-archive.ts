// `volume export` and `volume import`. Files are opened here and not by the worker, in whose namespace a path would be tried with other rights
// than the user's.
import { readdirSync } from 'node:fs';
import type { VolumeTarget } from '../runtime/messages-volume.ts';
import { getVolume, recordVolumeEvent, volumeData, volumeSource } from '../storage/volume.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { withArchive } from './archive-input.ts';
import { requireVolumeName } from './volume.ts';
import { refuseRunning, requireFiles, requireOwnFiles, whileHeld } from './volume-copies.ts';
import { runJob } from './worker-client.ts';

export interface ExportVolumeOptions {
  /** The open file that takes the archive. */
  output: number;
  /** Containers that run with the volume rest meanwhile. */
  pause?: boolean;
  signal?: AbortSignal | undefined;
}

/** Throws ERR_NO_SUCH_VOLUME, ERR_VOLUME_TMPFS, and the errno of a failed write. */
export async function exportVolume(ctx: Ctx, name: string, { output, pause, signal }: ExportVolumeOptions): Promise<void> {
  const volume = requireFiles(ctx, name, 'export');
  const from = volume.Options.device === undefined ? volumeData(ctx, name) : volumeSource(ctx, volume);
  await whileHeld(ctx, name, { pause }, () => runJob(ctx, { kind: 'volume-export', from, volume: name }, { output, signal }));
}

export interface ImportVolumeOptions {
  /** A file, or `-` for standard input. */
  source: string;
  /** Files that the archive does not have go. */
  replace?: boolean;
  /** The folder of the trash for what the volume holds now; left out, that is deleted. */
  keptIn?: string | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Gives the volume the files of an archive, in the place of those of the same name; a volume that is not there is made. Throws ERR_VOLUME_NAME,
 * ERR_VOLUME_IN_USE while a container runs with it, ERR_NO_SUCH_FILE, and what an archive can be refused for. Nothing is changed then.
 */
export async function importVolume(ctx: Ctx, name: string, options: ImportVolumeOptions): Promise<void> {
  const { source, replace = false, keptIn, onProgress, signal } = options;
  requireVolumeName(name);
  const isThere = getVolume(ctx, name) !== undefined;
  if (isThere) requireOwnFiles(ctx, name, 'import into');
  refuseRunning(ctx, name, `import ${name}`);
  const isEmpty = !isThere || holdsNothing(volumeData(ctx, name));
  const target: VolumeTarget = isThere
    ? { to: 'data', volume: name, keptIn, verb: `import ${name}` }
    : {
        to: 'volume',
        record: { version: 1, Name: name, Driver: 'local', Labels: {}, Options: {}, CreatedAt: ctx.now().toISOString(), Anonymous: false },
      };
  const job = {
    kind: 'volume-import',
    name: source === '-' ? 'standard input' : source,
    target,
    over: isEmpty || replace ? undefined : volumeData(ctx, name),
  } as const;
  await withArchive(source === '-' ? undefined : source, (fd) => runJob(ctx, job, { descriptors: [fd], onProgress, signal }), {
    isFile: true,
  });
  recordVolumeEvent(ctx, 'import', name);
}

/** A folder that cannot be looked into holds something. */
function holdsNothing(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    return errnoOf(error) === 'ENOENT';
  }
}
