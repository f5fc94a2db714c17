// What `cp` says of a path in a container that is not there.
import { EngineError } from '../../sys/errors.ts';

/** In Docker's words. */
export function noSuchFile(path: string, wanted: string): EngineError {
  return new EngineError('ERR_NO_FILE', `Could not find the file ${path} in container ${wanted}`, {
    hint: `Look what is there: skiff exec ${wanted} ls, or skiff cp ${wanted}:/ - | tar t`,
  });
}
