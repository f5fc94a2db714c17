// What the options of `-v` ask for beside the mount itself: labels for SELinux, files given to the container's user, an overlay over the source.
// Loaded only for containers that ask. Files are given and labelled at the first start alone; an overlay is laid by each supervisor anew.
import { closeSync, openSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { ContainerRecord, MountPoint } from '../../storage/records.ts';
import { TreeCopyError } from '../../storage/tree-copy.ts';
import { type Visited, walkTree } from '../../storage/tree-walk.ts';
import { chownAt } from '../../sys/at.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, errnoOf, messageOf } from '../../sys/errors.ts';
import { statAt } from '../../sys/read-at.ts';
import { hasSelinux } from '../../sys/selinux.ts';
import type { CopyWatch } from '../copy-tree.ts';
import type { KeptIds } from '../keep-id.ts';
import { mountWords } from '../mount-words.ts';
import { placeOf } from './mount-sources.ts';

export interface UserMountSite extends CopyWatch {
  scratch: string;
  isFirstStart: boolean;
  /** The container's user, in the ids that we see files under. */
  user: () => KeptIds;
}

/** Throws ERR_MOUNT, ERR_ROOTFS, ERR_HANGS, or the signal's reason. */
export async function makeUserMounts(ctx: Ctx, record: ContainerRecord, site: UserMountSite): Promise<void> {
  for (const [index, point] of record.Mounts.entries()) {
    const { overlay, isGiven, label } = mountWords(point.Mode);
    if (site.isFirstStart && label && hasSelinux()) await relabelSource(ctx, record, { ...site, point, label });
    if (site.isFirstStart && isGiven) await giveSource(point, site.user(), site.signal);
    if (!overlay) continue;
    const { overlaySource } = await import('./overlay-source.ts');
    await overlaySource(ctx, record, { ...site, source: point.Source, overlay, index, target: placeOf(site.scratch, index) });
  }
}

async function giveSource({ Source, Destination }: MountPoint, { uid, gid }: KeptIds, signal: AbortSignal): Promise<void> {
  const give = ({ folder, name, stat }: Visited): void => {
    if (stat.uid !== uid || stat.gid !== gid) chownAt(folder, name, uid, gid);
  };
  try {
    await eachOf(Source, give, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    const path = error instanceof TreeCopyError && error.path ? `${Source}/${error.path}` : Source;
    throw new EngineError('ERR_MOUNT', `Cannot give "${path}" to the container's user: ${errnoOf(error) ?? messageOf(error)}`, {
      hint: `It belongs to neither you nor your containers: leave out the option "U" of ${Destination}`,
      cause: error,
      exitCode: 125,
    });
  }
}

// Without a label of its own a container of ours may use the files all the same, so a file system that has no labels is no failure.
async function relabelSource(
  ctx: Ctx,
  { Id }: ContainerRecord,
  { point, label, signal }: UserMountSite & { point: MountPoint; label: 'shared' | 'private' },
): Promise<void> {
  const { containerLabel, kernelLabels, relabeler } = await import('./relabel.ts');
  try {
    await eachOf(point.Source, relabeler(containerLabel(label, Id), kernelLabels), signal);
  } catch (error) {
    if (signal.aborted) throw error;
    ctx.warn(`Cannot label "${point.Source}" for SELinux: ${errnoOf(error) ?? messageOf(error)}`);
  }
}

/** Of a folder all that is in it and itself; of a file the file. */
async function eachOf(source: string, visit: (found: Visited) => void, signal: AbortSignal): Promise<void> {
  const real = realpathSync(source);
  const isFolder = statSync(real).isDirectory();
  const folder = openSync(isFolder ? real : dirname(real), 'r');
  try {
    if (isFolder) return await walkTree(folder, visit, signal);
    // Names are byte strings there.
    const name = Buffer.from(basename(real)).toString('latin1');
    const stat = statAt(folder, name);
    if (stat) visit({ folder, name, stat });
  } finally {
    closeSync(folder);
  }
}
