// The archive that a command reads: opened here and not by the worker, in whose namespace a path would be tried with other rights than the
// user's.
import { closeSync, constants, openSync, statSync } from 'node:fs';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { duplicate } from '../sys/fd.ts';

const STDIN = 0;
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
};

/** Runs `work` with the open file or folder `path`; undefined is standard input. Throws ERR_NO_SUCH_FILE in Docker's words. */
export async function withArchive<T>(path: string | undefined, work: (fd: number) => Promise<T>, { isFile = false } = {}): Promise<T> {
  const fd = path === undefined ? duplicate(STDIN) : openArchive(path, isFile);
  try {
    return await work(fd);
  } finally {
    closeSync(fd);
  }
}

function openArchive(path: string, isFile: boolean): number {
  try {
    const isFolder = statSync(path).isDirectory();
    if (isFolder && isFile) throw Object.assign(new Error(), { code: 'EISDIR' });
    return openSync(path, isFolder ? constants.O_RDONLY | constants.O_DIRECTORY : constants.O_RDONLY);
  } catch (error) {
    const code = errnoOf(error);
    const why = WORDS[code ?? ''] ?? code;
    throw new EngineError('ERR_NO_SUCH_FILE', `open ${path}: ${why}`, {
      hint: 'Give the path of an archive that you may read',
      cause: error,
    });
  }
}
