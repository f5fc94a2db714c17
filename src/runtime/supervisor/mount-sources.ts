// Mount sources that exist only in the supervisor's mount namespace: the tree of an image, a folder within a volume. They are made once,
// before the first start, at places that follow from the record, so that each restart finds them again.
// Trap: the files of a volume belong to its containers, which may put a symlink anywhere at any moment: a subpath is opened by
// descriptor, and what is handed to the runtime is a mount of that descriptor, never the path.
import { closeSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerDir } from '../../storage/layout.ts';
import type { ContainerRecord, MountPoint } from '../../storage/records.ts';
import { EscapeError, openBeneath } from '../../sys/beneath.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { MS, mount } from '../../sys/mount.ts';
import type { CopyWatch } from '../copy-tree.ts';
import { settleRecursion } from '../submounts.ts';
import type { Surroundings } from './isolate.ts';

/** A mount of ours, read-only. */
export const ownMount = (Source: string, Destination: string): MountPoint => ({
  Type: 'bind',
  Source,
  Destination,
  Mode: '',
  RW: false,
  Propagation: 'rprivate',
});

/** Makes the sources. Throws ERR_SUBPATH, ERR_ROOTFS. */
export async function makeMountSources(ctx: Ctx, record: ContainerRecord, site: MountSite): Promise<void> {
  const trees = new Map<string, string>();
  for (const [index, point] of record.Mounts.entries()) {
    if (!isMade(point)) continue;
    const target = placeOf(site.scratch, index);
    mkdirSync(join(target, '..'), { recursive: true, mode: 0o700 });
    const { ImageID } = point;
    if (ImageID && !trees.has(ImageID)) trees.set(ImageID, await treeOf(ctx, record, { point, ...site }));
    bindBeneath({ ...point, Source: (ImageID && trees.get(ImageID)) || point.Source }, target);
  }
}

/** What was there when the container was created may be gone at a start of it. Throws ERR_BIND_SOURCE, ERR_NO_SUCH_VOLUME. */
export function requireSources({ Mounts, Name: container }: ContainerRecord): void {
  for (const { Type, Name, Source } of Mounts) {
    if ((Type !== 'bind' && Type !== 'volume') || statSync(Source, { throwIfNoEntry: false })) continue;
    if (Type === 'bind') {
      throw new EngineError('ERR_BIND_SOURCE', `Invalid mount config for type "bind": bind source path does not exist: ${Source}`, {
        hint: `It was there when the container was created: make it again, or remove the container: skiff rm ${container}`,
        exitCode: 125,
      });
    }
    throw new EngineError('ERR_NO_SUCH_VOLUME', `The files of volume "${Name}" are not there: ${Source}`, {
      hint: `Bring the folder back, or remove the container: skiff rm ${container}`,
      exitCode: 125,
    });
  }
}

type MountSite = Pick<Surroundings, 'scratch'> & CopyWatch & { idMapping?: readonly string[] };

/** An image's files, once for all that is mounted of it. */
async function treeOf(ctx: Ctx, record: ContainerRecord, { point, scratch, ...site }: MountSite & { point: MountPoint }): Promise<string> {
  const { mountImage } = await import('../image-mount.ts');
  const name = (point.ImageID ?? '').replace(/^sha256:/, '');
  return mountImage(ctx, {
    ...site,
    driver: record.Driver,
    layers: point.Layers ?? [],
    scratch: join(scratch, 'images', name),
    copies: join(containerDir(ctx, record.Id), 'images', name),
  });
}

/** The record with the sources that were made in the place of those that the user named. Throws ERR_SUBMOUNTS. */
export function withMountSources(record: ContainerRecord, scratch: string): ContainerRecord {
  const Mounts = record.Mounts.map((point, index) => {
    const place = placeOf(scratch, index);
    return isMade(point) || existsSync(place) ? { ...point, Source: place } : settleRecursion(point);
  });
  return { ...record, Mounts };
}

const isMade = ({ Type, Subpath }: MountPoint): boolean => Type === 'image' || Subpath !== undefined;

/** Where the source of the mount of that number is made. */
export const placeOf = (scratch: string, index: number): string => join(scratch, 'mounts', String(index));

/** Mounts what `Subpath` is of `Source`, or all of it, at `target`. */
function bindBeneath(point: MountPoint, target: string): void {
  const { fd, isFolder } = openSubpath(point);
  try {
    if (isFolder) mkdirSync(target, { mode: 0o755 });
    else writeFileSync(target, '');
    mount(`/proc/self/fd/${fd}`, target, { flags: MS.BIND | MS.REC });
  } finally {
    closeSync(fd);
  }
}

function openSubpath({ Type, Name, Source, Subpath = '' }: MountPoint) {
  try {
    return openBeneath(Source, Subpath);
  } catch (error) {
    const place = `"${Subpath}" of ${Type === 'image' ? 'the image' : `volume "${Name}"`}`;
    if (error instanceof EscapeError) {
      throw new EngineError('ERR_SUBPATH', `Cannot access path ${place}: it leads out of it`, {
        hint: 'A part of the path is a symlink to somewhere else: name the folder that it should be',
        cause: error,
        exitCode: 125,
      });
    }
    const why = { ENOENT: 'no such file or directory', ENOTDIR: 'not a directory', ELOOP: 'too many symbolic links' }[errnoOf(error) ?? ''];
    throw new EngineError('ERR_SUBPATH', `Cannot access path ${place}: ${why ?? errnoOf(error)}`, {
      hint: Type === 'image' ? 'Look into the image for the right path' : 'Make the folder in the volume first',
      cause: error,
      exitCode: 125,
    });
  }
}
