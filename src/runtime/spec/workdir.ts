// WORKDIR and `-w`: the folder is made in the rootfs when it is missing, as Docker does, owned by root, parents too.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../sys/errors.ts';
import { EXEC_FAILED } from './executable.ts';
import { isOnReadOnlyMount, lookInside, type RootView } from './inside.ts';

/** Makes `path` (absolute, inside the container) a folder. A path on a mount that only comes with the container is left to the runtime. */
export function ensureWorkingDir(view: RootView, path: string): void {
  const parts = path.split('/').filter(Boolean);
  let inside = '/';
  for (const part of parts) {
    const place = lookInside(view, join(inside, part));
    if (place.found === 'unknown') return;
    if (place.found === 'directory') {
      inside = place.inside;
      continue;
    }
    const parent = lookInside(view, inside);
    if (place.found !== 'nothing' || parent.found !== 'directory') throw notAFolder(path);
    if (isOnReadOnlyMount(view, parent.inside)) throw readOnly(path);
    mkdirIn(parent.host, part, path);
    inside = join(parent.inside, part);
  }
}

/** What `exec -w` asks of a folder: unlike `run`, it makes none. Throws what the runtime would, in Docker's words and with its exit code. */
export function checkWorkingDir(view: RootView, path: string): void {
  if (!path.startsWith('/')) {
    throw new EngineError('ERR_WORKDIR', `Cannot use the working directory "${path}": Cwd must be an absolute path`, {
      hint: `Give the whole path: -w /${path}`,
      exitCode: 126,
    });
  }
  const { found } = lookInside(view, path);
  if (found === 'directory' || found === 'unknown') return;
  const [why, exitCode] = found === 'nothing' ? ['no such file or directory', 127] : ['not a directory', 126];
  throw new EngineError('ERR_WORKDIR', `${EXEC_FAILED}: chdir to cwd ("${path}") set in config.json failed: ${why}`, {
    hint: 'Give another working directory (-w), or make this one first',
    exitCode: Number(exitCode),
  });
}

function mkdirIn(parent: string, name: string, path: string): void {
  try {
    mkdirSync(join(parent, name));
    // Whatever the umask of who started the container.
    chmodSync(join(parent, name), 0o755);
  } catch (cause) {
    throw notAFolder(path, cause);
  }
}

// For us the mount is not read-only: its source is a folder of the host's like any other.
const readOnly = (path: string): EngineError =>
  new EngineError('ERR_WORKDIR', `Cannot mkdir: ${path}: read-only file system`, {
    hint: 'Give a working directory that exists (-w), or mount its volume without "ro"',
    exitCode: 126,
  });

const notAFolder = (path: string, cause?: unknown): EngineError =>
  new EngineError('ERR_WORKDIR', `Cannot mkdir: ${path}: a part of it is not a directory`, {
    cause,
    hint: 'Give another working directory (-w)',
    exitCode: 126,
  });
