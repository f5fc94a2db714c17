// What the user may not read: the context is read with their rights, and what others have put into it (a database's folder, say) fails here first.
import { shown } from '../../../storage/layer-path.ts';
import { EngineError, errnoOf } from '../../../sys/errors.ts';

/** Throws ERR_NOT_READABLE in place of EACCES and EPERM. `path`: byte string, below the source's root. */
export function orDenied<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw denied(path, error);
  }
}

/** Any other error is returned as it is. */
export function denied(path: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (code !== 'EACCES' && code !== 'EPERM') return error;
  return new EngineError('ERR_NOT_READABLE', `failed to compute cache key: open /${shown(path)}: permission denied`, {
    hint: `Somebody else's file lies in the build context: list "${shown(path)}" in .dockerignore, or let you read it`,
    cause: error,
  });
}
