// Where a copy out of a container lands on this machine. Symlinks in the path are the user's own and are followed, a dangling one too: it
// names the file to make. What is refused is refused before anything was written.
import { lstatSync, openSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { posix } from 'node:path';
import type { CopySource } from '../../runtime/messages-copy.ts';
import type { Rename } from '../../storage/tree-name.ts';
import { createTreePlace, type TreePlace } from '../../storage/tree-place.ts';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { absolute, asksForFolder, meansContents, splitEnd, toBytes } from './paths.ts';
import { type CopyTarget, planCopy } from './plan.ts';

export interface HostTarget extends CopyTarget {
  /** As the user will read it. */
  path: string;
  /** The folder of what there is, or shall be. */
  folder: string;
}

const MOST_LINKS = 10;

/** Throws ERR_OUTPUT_PATH, in Docker's words. */
export function findHostTarget(given: string): HostTarget {
  const path = absolute(given, process.cwd());
  const folder = posix.dirname(posix.resolve(path));
  if (!look(folder, statSync)) throw refused(`directory "${folder}" does not exist`);
  const there = look(path, statSync);
  if (there && (there.isCharacterDevice() || there.isBlockDevice())) {
    throw refused(`"${path}" must be a directory or a regular file: got a device`);
  }
  const place = there ? realpathSync(path) : end(path);
  if (!there && meansContents(path)) throw refused(`directory "${splitEnd(path).folder}" does not exist`);
  return {
    path,
    found: there ? (there.isDirectory() ? 'folder' : 'other') : 'nothing',
    asksForFolder: asksForFolder(path),
    ...splitPlace(place),
  };
}

/** Opens the place for `source`, and says how the top of its archive is to be called there. Throws as `planCopy`. */
export function openHostTarget(target: HostTarget, source: CopySource): { place: TreePlace; rename?: Rename } {
  const plan = planCopy(source, { ...target, base: toBytes(target.base) });
  const folder = plan.into === 'target' ? posix.join(target.folder, target.base) : target.folder;
  const place = createTreePlace({ folder: openSync(folder, 'r'), path: toBytes(folder) });
  return plan.into === 'target' ? { place } : { place, rename: plan.rename };
}

const splitPlace = (place: string) => ({ folder: posix.dirname(place), base: posix.basename(place) });

/** The name that a dangling symlink leads to, or the path itself. */
function end(path: string): string {
  let at = posix.resolve(path);
  for (let links = 0; look(at, lstatSync)?.isSymbolicLink(); links++) {
    if (links === MOST_LINKS) throw refused(`too many symlinks in "${path}"`);
    at = posix.resolve(posix.dirname(at), readlinkSync(at));
  }
  if (!look(posix.dirname(at), statSync)) throw refused(`directory "${posix.dirname(at)}" does not exist`);
  return at;
}

function look(path: string, how: (path: string) => Stats): Stats | undefined {
  try {
    return how(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === 'ENOTDIR') throw new EngineError('ERR_OUTPUT_PATH', `stat ${path}: not a directory`, { cause: error });
    if (errnoOf(error) === 'EACCES') throw new EngineError('ERR_OUTPUT_PATH', `stat ${path}: permission denied`, { cause: error });
    throw error;
  }
}

const refused = (why: string): EngineError => new EngineError('ERR_OUTPUT_PATH', `invalid output path: ${why}`);
