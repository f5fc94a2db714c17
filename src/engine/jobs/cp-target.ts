// Where a copy into a container lands. Everything that can be refused is refused here, before anything is written.
import type { CopyInJob, CopySource } from '../../runtime/messages-copy.ts';
import type { Rename } from '../../storage/tree-name.ts';
import { openTreePlace, type TreePlace } from '../../storage/tree-place.ts';
import { closeFd } from '../../sys/at.ts';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { fileSystemOf, statFd } from '../../sys/look-at.ts';
import { type WalkEnd, walkInRoot } from '../../sys/walk-in-root.ts';
import { absolute, asksForFolder, meansContents, splitEnd, toBytes } from '../cp/paths.ts';
import { type CopyTarget, planCopy } from '../cp/plan.ts';
import { noSuchFile } from './cp-errors.ts';

/** Opens the folder to unpack into, and tells how the archive's top is to be called there. Throws ERR_NO_FILE, ERR_READ_ONLY and as `planCopy`. */
export function openContainerTarget(root: number, job: CopyInJob): { place: TreePlace; rename?: Rename } {
  const path = absolute(job.path);
  const end = walkTo(root, path, job);
  try {
    const plan = job.source ? planCopy(job.source, targetOf(end, path, job)) : folderFor(end, job);
    const folder = plan.into === 'target' ? end : { ...end, base: '.' };
    const place = openTreePlace(folder, { root, path: plan.into === 'target' ? canonical(end) : end.folderPath });
    try {
      refuseReadOnly(root, place);
      return plan.into === 'target' ? { place } : { place, rename: plan.rename };
    } catch (error) {
      place.close();
      throw error;
    }
  } finally {
    closeFd(end.folder);
  }
}

function walkTo(root: number, path: string, { source, wanted, path: given }: CopyInJob): WalkEnd {
  try {
    return walkInRoot(root, toBytes(path), { follow: true });
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOTDIR' && source && asksForFolder(path)) throw planFailure(source, path);
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'ELOOP') throw error;
    throw source ? noSuchFile(splitEnd(path).folder, wanted) : mustBeFolder(wanted, given);
  }
}

/** `path` ends in a slash, and there or on the way to it is a file. */
function planFailure(source: CopySource, path: string): EngineError {
  try {
    planCopy(source, { found: source.isFolder ? 'other' : 'nothing', asksForFolder: true, base: '' });
  } catch (error) {
    if (error instanceof EngineError) return error;
  }
  return new EngineError('ERR_NO_FOLDER', `"${path}" is not a directory`);
}

function targetOf({ kind, base }: WalkEnd, path: string, { wanted, path: given }: CopyInJob): CopyTarget {
  if (kind === 'char' || kind === 'block') {
    throw new EngineError('ERR_COPY_CONFLICT', `destination "${wanted}:${given}" must be a directory or a regular file: got a device`);
  }
  // Of a folder that is not there, there are no contents to replace.
  if (!kind && meansContents(path)) throw noSuchFile(splitEnd(path).folder, wanted);
  return { found: kind ? (kind === 'folder' ? 'folder' : 'other') : 'nothing', asksForFolder: asksForFolder(path), base };
}

function folderFor({ kind }: WalkEnd, { wanted, path: given }: CopyInJob): { into: 'target' } {
  if (kind !== 'folder') throw mustBeFolder(wanted, given);
  return { into: 'target' };
}

const canonical = ({ folderPath, base }: WalkEnd): string => {
  if (base === '.') return folderPath;
  return `${folderPath === '/' ? '' : folderPath}/${base}`;
};

function refuseReadOnly(root: number, place: TreePlace): void {
  const folder = place.enter('');
  if (!fileSystemOf(folder).isReadOnly) return;
  const [own, ofRoot] = [statFd(folder), statFd(root)];
  if (own.mount !== ofRoot.mount || own.device !== ofRoot.device) throw readOnlyMount();
  throw new EngineError('ERR_READ_ONLY', 'container rootfs is marked read-only', {
    hint: 'Copy to one of its volumes, or run the container without --read-only',
  });
}

/** In Docker's words. */
export function readOnlyMount(): EngineError {
  return new EngineError('ERR_READ_ONLY', 'mounted volume is marked read-only', {
    hint: 'Copy to another place, or mount it without "ro" or "readonly"',
  });
}

const mustBeFolder = (wanted: string, path: string): EngineError =>
  new EngineError('ERR_COPY_CONFLICT', `destination "${wanted}:${path}" must be a directory`, {
    hint: 'An archive is unpacked into a folder that is there already',
  });
