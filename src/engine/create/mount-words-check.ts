// What the options `U`, `O`, `z` and `Z` of `-v` need of the source, looked at before anything is made.
import { realpathSync, statSync } from 'node:fs';
import { isProtectedFolder, mountWords } from '../../runtime/mount-words.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { hasSelinux } from '../../sys/selinux.ts';
import { requireBindSource } from './mount-check.ts';

/** Throws ERR_MOUNT or ERR_BIND_SOURCE (exit code 125). `source` is the folder that is bound; without one it is a volume. */
export function checkMountWords(ctx: Pick<Ctx, 'env'>, mode: string, source?: string): void {
  const { overlay, isGiven, label } = mountWords(mode);
  if (source !== undefined && (isProtectedFolder(source, ctx.env.HOME) || isProtectedFolder(realOf(source), realOf(ctx.env.HOME)))) {
    if (isGiven) {
      throw refuse(
        `Cannot give "${source}" to the container's user: it is not a container's alone`,
        'Leave out the option "U", or name a folder in it',
      );
    }
    if (label && hasSelinux()) {
      throw refuse(`SELinux relabeling of ${source} is not allowed`, 'Leave out the option "z" or "Z", or name a folder in it');
    }
  }
  if (!overlay) return;
  const found = source === undefined ? undefined : statSync(source, { throwIfNoEntry: false });
  if (found && !found.isDirectory()) {
    throw refuse(
      `Cannot lay an overlay over "${source}": it is not a folder`,
      'Leave out the option "O", or mount the folder that it is in',
    );
  }
  for (const folder of [overlay.upper, overlay.work]) if (folder !== undefined) requireBindSource(folder);
}

/** By another name it is the same folder: /home is a symlink in some distributions. */
function realOf<T extends string | undefined>(path: T): T | string {
  try {
    return path === undefined ? path : realpathSync(path);
  } catch {
    return path;
  }
}

const refuse = (message: string, hint: string): EngineError => new EngineError('ERR_MOUNT', message, { hint, exitCode: 125 });
