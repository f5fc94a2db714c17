// `--iidfile` and `--metadata-file`: written when the build is done, each whole; what an earlier build wrote there is gone while one runs, as with Docker.
import { rmSync } from 'node:fs';
import { writeFileAtomic } from '../../sys/atomic.ts';
import { EngineError, errnoOf, isDiskFull } from '../../sys/errors.ts';
import { randomHex } from '../../sys/random.ts';
import type { BuildResult } from './model.ts';

export interface ResultFiles {
  /** Paths. */
  iidfile?: string | undefined;
  metadataFile?: string | undefined;
}

/** Before the build. Throws ERR_BAD_OUTPUT. */
export function clearResultFiles({ iidfile }: ResultFiles): void {
  if (iidfile !== undefined) guarded(iidfile, () => rmSync(iidfile, { force: true }));
}

/** After it. Of a build that made no image (`--output type=local`) there is no id to write. Throws ERR_BAD_OUTPUT. */
export function writeResultFiles({ id, digest, images, metadata }: BuildResult, { iidfile, metadataFile }: ResultFiles): void {
  // Of several platforms the index is what the build made.
  const imageId = images.length > 1 ? digest : id;
  if (iidfile !== undefined && imageId !== undefined) guarded(iidfile, () => writeFileAtomic(iidfile, imageId, { mode: 0o644 }));
  if (metadataFile === undefined) return;
  const text = `${JSON.stringify(withBuild(metadata), null, 2)}\n`;
  guarded(metadataFile, () => writeFileAtomic(metadataFile, text, { mode: 0o644 }));
}

/** The same of a bake: by target. */
export function writeBakeMetadata(results: Readonly<Record<string, BuildResult>>, path: string): void {
  const entries = Object.entries(results).map(([target, { metadata }]) => [target, withBuild(metadata)]);
  guarded(path, () => writeFileAtomic(path, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`, { mode: 0o644 }));
}

const withBuild = (metadata: BuildResult['metadata']): object => ({
  'buildx.build.ref': `skiff/skiff/${randomHex(25).slice(0, 25)}`,
  ...metadata,
});

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  ENOENT: 'no such file or directory',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  EROFS: 'read-only file system',
};

function guarded(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined || isDiskFull(error)) throw error;
    throw new EngineError('ERR_BAD_OUTPUT', `Cannot write "${path}": ${WORDS[code] ?? code}`, { cause: error });
  }
}
