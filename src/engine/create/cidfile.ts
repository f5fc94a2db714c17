// `--cidfile`: refused when the file is there already; written whole, once, when the container exists. The file is made first, so that
// two commands cannot share one, and removed again if the container does not come to be.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { EngineError, errnoOf } from '../../sys/errors.ts';

export interface CidFile {
  write(id: string): void;
  /** Removes the file unless it was written. */
  abandon(): void;
}

/** Claims `path`; '' means no file is wanted. Throws ERR_CIDFILE (exit code 125). */
export function claimCidFile(path: string): CidFile {
  if (path === '') return { write: () => {}, abandon: () => {} };
  const fd = create(path);
  let isOpen = true;
  return {
    write(id) {
      writeSync(fd, id);
      closeSync(fd);
      isOpen = false;
    },
    abandon() {
      if (!isOpen) return;
      closeSync(fd);
      isOpen = false;
      rmSync(path, { force: true });
    },
  };
}

function create(path: string): number {
  try {
    return openSync(path, 'wx', 0o644);
  } catch (cause) {
    const exists = errnoOf(cause) === 'EEXIST';
    throw new EngineError(
      'ERR_CIDFILE',
      exists
        ? `Container ID file found, make sure the other container isn't running or delete ${path}`
        : `Failed to create the container ID file "${path}": ${errnoOf(cause)}`,
      { cause, hint: exists ? `Remove the file (rm ${path}) or give another one` : 'Give a path that you can write', exitCode: 125 },
    );
  }
}
