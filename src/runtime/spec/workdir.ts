// WORKDIR and `-w`: the folder is made in the rootfs when it is missing, as Docker does, owned by root, parents too.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../sys/errors.ts';
import { lookInside, type RootView } from './inside.ts';

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
    mkdirIn(parent.host, part, path);
    inside = join(parent.inside, part);
  }
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

const notAFolder = (path: string, cause?: unknown): EngineError =>
  new EngineError('ERR_WORKDIR', `Cannot mkdir: ${path}: a part of it is not a directory`, {
    cause,
    hint: 'give another working directory (-w)',
    exitCode: 126,
  });
