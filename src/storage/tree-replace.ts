// Puts what is made in a tree in the place of what has its name there, in one step: by a temporary name beside it and a rename. Never
// in the place of a folder, nor of a mount, which a rename from outside its mount namespace would take away.
import { renameAt, unlinkAt } from '../sys/at.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { kindOf, statFd } from '../sys/look-at.ts';
import { randomHex } from '../sys/random.ts';
import { statAt } from '../sys/read-at.ts';
import type { TreePlace } from './tree-place.ts';

export interface Replacer {
  /** A name that nobody else has, for what is not whole yet. */
  readonly temporary: string;
  /** `make` says false when the name is taken: then it is called with the temporary one, and what has the name is replaced. */
  orReplace(folder: number, base: string, path: string, make: (name: string) => boolean): void;
  /** Gives what has the temporary name the name `base`; `path` is for the sentence. */
  renameOver(folder: number, base: string, path: string): void;
  /** Throws ERR_COPY_CONFLICT for a folder, ERR_COPY_BUSY for a mount. */
  refuseFolder(folder: number, base: string, path: string): void;
  forgetTemporary(folder: number): void;
}

export function createReplacer(place: TreePlace): Replacer {
  const temporary = `.skiff-cp-${randomHex(8)}`;
  return { temporary, orReplace, renameOver, refuseFolder, forgetTemporary };

  function orReplace(folder: number, base: string, path: string, make: (name: string) => boolean): void {
    if (make(base)) return;
    refuseFolder(folder, base, path);
    make(temporary);
    renameOver(folder, base, path);
    // A rename onto another link of the same file does nothing at all.
    forgetTemporary(folder);
  }

  function renameOver(folder: number, base: string, path: string): void {
    try {
      renameAt(folder, temporary, base);
    } catch (error) {
      forgetTemporary(folder);
      if (errnoOf(error) === 'EISDIR') refuseFolder(folder, base, path);
      throw errnoOf(error) === 'EBUSY' ? busy(path) : error;
    }
  }

  function refuseFolder(folder: number, base: string, path: string): void {
    const there = statAt(folder, base);
    if (!there) return;
    if (kindOf(there) === 'folder')
      throw conflict(`cannot overwrite directory "${place.path(path)}" with non-directory "${place.path('')}"`);
    // The kernel guards the mounts of our own namespace alone: a rename would take a running container's mount away.
    if (there.mount !== statFd(folder).mount) throw busy(path);
  }

  function busy(path: string): EngineError {
    return new EngineError('ERR_COPY_BUSY', `Cannot replace "${place.path(path)}": a mount stands on it (device or resource busy)`, {
      hint: 'Change the file that is mounted there instead, or write to it with: skiff exec',
    });
  }

  function forgetTemporary(folder: number): void {
    try {
      unlinkAt(folder, temporary);
    } catch {
      // It was renamed, as it should be.
    }
  }
}

export const conflict = (message: string): EngineError => new EngineError('ERR_COPY_CONFLICT', message);
