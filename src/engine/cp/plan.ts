// Where a copy lands: Docker's rules for a file or folder copied to a place that is a folder, something else, or nothing yet (the table
// in the manual of `docker cp`). The same rules for both directions.
import type { CopySource } from '../../runtime/messages-copy.ts';
import type { Rename } from '../../storage/tree-name.ts';
import { EngineError } from '../../sys/errors.ts';

export interface CopyTarget {
  found: 'folder' | 'other' | 'nothing';
  /** The path can only mean a folder. */
  asksForFolder: boolean;
  /** The name it has, or shall have, in its folder. */
  base: string;
}

/** Unpack into the target, or into the folder that holds it under another name. Throws ERR_COPY_CONFLICT, ERR_NO_FOLDER in Docker's words. */
export function planCopy(source: CopySource, target: CopyTarget): { into: 'target' } | { into: 'parent'; rename: Rename } {
  if (target.found === 'folder') return { into: 'target' };
  if (source.isFolder && target.found === 'other') {
    throw new EngineError('ERR_COPY_CONFLICT', 'cannot copy directory', {
      hint: 'The destination is a file: name a folder, or remove it first',
    });
  }
  if (!source.isFolder && target.found === 'nothing' && target.asksForFolder) {
    throw new EngineError('ERR_NO_FOLDER', 'no such directory', {
      hint: 'Make the folder first, or leave out the slash at its end to name a file',
    });
  }
  return { into: 'parent', rename: { from: source.base, to: target.base } };
}
