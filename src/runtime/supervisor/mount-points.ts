// The places in bind-mounted folders that other mounts are made on. Where they are missing the runtime makes them, as root of the container, who
// with --userns keep-id is one of the caller's sub-ids: so that what is left in the caller's folder is the caller's, we make them first.
import { closeSync, openSync, statSync } from 'node:fs';
import type { ContainerRecord, MountPoint } from '../../storage/records.ts';
import { closeFd, createFileAt, makeFolderAt } from '../../sys/at.ts';
import { walkInRoot } from '../../sys/walk-in-root.ts';

const OWN_FILES = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'];

/** Makes what is missing. What cannot be made is left to the runtime, which says so. */
export function makeMountPoints({ Mounts, HostConfig }: Pick<ContainerRecord, 'Mounts' | 'HostConfig'>): void {
  const folders = [...Object.keys(HostConfig.Tmpfs ?? {}), ...Mounts.filter(isFolder).map(({ Destination }) => Destination)];
  const files = [...OWN_FILES, ...Mounts.filter((mount) => !isFolder(mount)).map(({ Destination }) => Destination)];
  const wanted = [...folders.map((path) => ({ path, isFolder: true })), ...files.map((path) => ({ path, isFolder: false }))];
  for (const { path, isFolder: wantsFolder } of wanted.toSorted((a, b) => a.path.length - b.path.length)) {
    const over = innermost(Mounts, path);
    if (over?.Type !== 'bind' || !over.RW || !isFolder(over)) continue;
    try {
      makeBelow(over.Source, path.slice(over.Destination.length + 1), wantsFolder);
    } catch {
      // The runtime tries it again, and says what is wrong.
    }
  }
}

const innermost = (mounts: readonly MountPoint[], path: string): MountPoint | undefined =>
  mounts.filter(({ Destination }) => path.startsWith(`${Destination}/`)).toSorted((a, b) => b.Destination.length - a.Destination.length)[0];

const isFolder = ({ Type, Source }: MountPoint): boolean =>
  Type === 'tmpfs' || (statSync(Source, { throwIfNoEntry: false })?.isDirectory() ?? Type !== 'bind');

/** Symlinks are followed with the source as their root. */
function makeBelow(source: string, path: string, wantsFolder: boolean): void {
  const root = openSync(source, 'r');
  try {
    const parts = Buffer.from(path).toString('latin1').split('/');
    for (let count = 1; count <= parts.length; count++) {
      makeMissing(root, parts.slice(0, count).join('/'), wantsFolder || count < parts.length);
    }
  } finally {
    closeSync(root);
  }
}

function makeMissing(root: number, path: string, wantsFolder: boolean): void {
  const end = walkInRoot(root, path, { follow: true });
  try {
    if (end.kind) return;
    if (wantsFolder) makeFolderAt(end.folder, end.base, 0o755);
    else closeFd(createFileAt(end.folder, end.base, 0o644));
  } finally {
    closeFd(end.folder);
  }
}
