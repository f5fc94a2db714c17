// The option `O` of `-v`: an overlay over the source, so that what the container writes does not reach it. Written files lie in folders of the
// user's own (upperdir, workdir), or in the container's folder, where they are thrown away before the next start.
import { chmodSync, chownSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { overlaysDir } from '../../storage/layout.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { chdir, mount } from '../../sys/mount.ts';
import type { MountWords } from '../mount-words.ts';
import { mountFuse } from '../rootfs.ts';

export interface OverlaySource {
  source: string;
  /** Where it is mounted; made. */
  target: string;
  overlay: NonNullable<MountWords['overlay']>;
  /** The mount's number. */
  index: number;
  scratch: string;
  onSpawn: (pid: number) => void;
}

/** Throws ERR_MOUNT, ERR_ROOTFS, ERR_HANGS. */
export async function overlaySource(ctx: Ctx, record: ContainerRecord, options: OverlaySource): Promise<void> {
  const { source, target, overlay, index, scratch, onSpawn } = options;
  const { upper, work } = overlay.upper && overlay.work ? { upper: overlay.upper, work: overlay.work } : fresh(ctx, record, options);
  // Short names, in which nothing has to be escaped.
  const place = join(scratch, 'overlays', String(index));
  mkdirSync(place, { recursive: true, mode: 0o700 });
  for (const [name, path] of Object.entries({ lower: source, upper, work })) symlinkSync(path, join(place, name));
  mkdirSync(target, { recursive: true, mode: 0o755 });
  if (record.Driver === 'fuse-overlayfs') {
    return mountFuse(ctx, target, { topFirst: [join(place, 'lower')], upper: place, scratch: place, onSpawn });
  }
  chdir(place);
  try {
    mount('overlay', target, { type: 'overlay', data: 'lowerdir=lower,upperdir=upper,workdir=work,userxattr' });
  } catch (error) {
    throw new EngineError('ERR_MOUNT', `Cannot lay an overlay over "${source}": ${messageOf(error)}`, {
      hint: overlay.upper
        ? 'upperdir and workdir have to be on one disk, apart from each other and from the folder itself'
        : 'Make the container with --storage-driver fuse-overlayfs, or leave out the option "O"',
      cause: error,
      exitCode: 125,
    });
  } finally {
    chdir('/');
  }
}

// The root of an overlay is that of its upper folder.
function fresh(ctx: Ctx, { Id }: ContainerRecord, { index, source }: OverlaySource): { upper: string; work: string } {
  const folder = join(overlaysDir(ctx, Id), String(index));
  rmSync(folder, { recursive: true, force: true });
  const [upper, work] = [join(folder, 'upper'), join(folder, 'work')];
  for (const path of [upper, work]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const { uid, gid, mode } = statSync(source);
  chownSync(upper, uid, gid);
  chmodSync(upper, mode & 0o7777);
  return { upper, work };
}
