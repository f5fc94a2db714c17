// A folder of the user's as a build context.
import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { EngineError, errnoOf } from '../../../sys/errors.ts';

/** Its absolute path. `what` begins a sentence in the middle: "context". Throws ERR_BUILD_CONTEXT. */
export function folderAt(given: string, what = 'context'): string {
  const folder = resolve(given);
  const refuse = (why: string, hint: string): never => {
    throw new EngineError('ERR_BUILD_CONTEXT', `unable to prepare ${what}: ${why}`, { hint });
  };
  try {
    if (!statSync(folder).isDirectory())
      refuse(
        `"${given}" is no folder: context must be a directory: ${folder}`,
        'Give the folder as the context, and the Dockerfile with -f',
      );
    accessSync(folder, constants.R_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const code = errnoOf(error);
    if (code === 'EACCES') refuse(`cannot read "${given}": permission denied`, 'The context is read with your own rights');
    refuse(`path "${given}" not found`, 'Name the folder that the Dockerfile lies in');
  }
  return folder;
}
