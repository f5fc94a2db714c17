// The mounts of a container that is down, on its rootfs, as a start would make them: volumes, binds, images, and the files below /etc.
// Not its tmpfs, which do not exist. Where each goes is walked to inside the rootfs, whose symlinks are the image's to choose.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { withMountSources } from '../../runtime/supervisor/mount-sources.ts';
import { containerDir } from '../../storage/layout.ts';
import type { ContainerRecord, MountPoint } from '../../storage/records.ts';
import { closeFd, createFileAt, makeFolderAt, openPlaceAt } from '../../sys/at.ts';
import type { Ctx } from '../../sys/context.ts';
import { openPlace } from '../../sys/look-at.ts';
import { MS, mount } from '../../sys/mount.ts';
import { remountReadOnly } from '../../sys/remount.ts';
import { walkInRoot } from '../../sys/walk-in-root.ts';
import { toBytes } from '../cp/paths.ts';

export interface RootSite {
  rootfs: string;
  /** Where the sources were made that exist in this mount namespace alone. */
  scratch: string;
}

/** Makes the mounts and returns the path of the whole. */
export function mountAll(ctx: Ctx, record: ContainerRecord, { rootfs, scratch }: RootSite): string {
  // A mount point of its own, also with the driver "copy", so that it can be read-only.
  mount(rootfs, rootfs, { flags: MS.BIND | MS.REC });
  const root = openPlace(rootfs);
  try {
    const points = withMountSources(record, scratch).Mounts;
    const wanted = [...points.filter(({ Type, Tmpfs }) => Type !== 'tmpfs' && Tmpfs === undefined).map(bindOf), ...ownFiles(ctx, record)];
    for (const bind of wanted.toSorted((one, other) => depth(one.target) - depth(other.target))) {
      if (existsSync(bind.source)) makeBind(root, bind);
    }
    if (record.HostConfig.ReadonlyRootfs) remountReadOnly(rootfs);
    return rootfs;
  } finally {
    closeFd(root);
  }
}

interface Bind {
  source: string;
  target: string;
  isReadOnly: boolean;
}

const bindOf = ({ Source, Destination, RW }: MountPoint): Bind => ({ source: Source, target: Destination, isReadOnly: !RW });

// Written at each start; before the first there is nothing to show.
function ownFiles(ctx: Ctx, { Id, Mounts }: ContainerRecord): Bind[] {
  return ['hosts', 'hostname', 'resolv.conf']
    .map((name) => ({ source: join(containerDir(ctx, Id), name), target: `/etc/${name}`, isReadOnly: false }))
    .filter(({ target }) => !Mounts.some(({ Destination }) => Destination === target));
}

function makeBind(root: number, { source, target, isReadOnly }: Bind): void {
  const fd = mountPoint(root, target, statSync(source).isDirectory());
  try {
    const place = `/proc/self/fd/${fd}`;
    mount(source, place, { flags: MS.BIND | MS.REC });
  } finally {
    closeFd(fd);
  }
  if (!isReadOnly) return;
  // The descriptor is of what the mount covers: the mount itself is found by walking there again.
  const mounted = mountPoint(root, target, true);
  try {
    remountReadOnly(`/proc/self/fd/${mounted}`);
  } finally {
    closeFd(mounted);
  }
}

/** A descriptor of the mount point, which is made where it is missing, as the runtime would. */
function mountPoint(root: number, target: string, isFolder: boolean): number {
  const parts = toBytes(target).split('/').filter(Boolean);
  for (let count = 1; count < parts.length; count++) makeMissing(root, parts.slice(0, count).join('/'), true);
  makeMissing(root, parts.join('/'), isFolder);
  const end = walkInRoot(root, parts.join('/'), { follow: true });
  try {
    return openPlaceAt(end.folder, end.base);
  } finally {
    closeFd(end.folder);
  }
}

function makeMissing(root: number, path: string, isFolder: boolean): void {
  const end = walkInRoot(root, path, { follow: true });
  try {
    if (end.kind) return;
    if (isFolder) makeFolderAt(end.folder, end.base, 0o755);
    else closeFd(createFileAt(end.folder, end.base, 0o644));
  } finally {
    closeFd(end.folder);
  }
}

const depth = (path: string): number => path.split('/').filter(Boolean).length;
