// Finds files of a container from outside it, as its own processes would see them: symlinks are followed with the container's root as
// `/`, so that an absolute link or any number of `..` stays inside. Mounts that do not exist yet (they come with the container) are
// looked through: a path below a mount's destination is looked up in its source.
// Trap: no protection against a tree that changes meanwhile; call it before the container's first process runs.
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../sys/errors.ts';

export interface RootView {
  /** Absolute path of the container's rootfs. */
  rootfs: string;
  /** Container path → host path; undefined for a mount whose contents cannot be known before (tmpfs, proc, dev). */
  mounts?: ReadonlyMap<string, string | undefined>;
  /** Those of `mounts` that are read-only. */
  readOnly?: ReadonlySet<string>;
}

/** What the kernel asks of a file or folder before it lets somebody use it. */
export interface Access {
  host: string;
  uid: number;
  gid: number;
  mode: number;
}

export type Lookup =
  /** `host` is the final path outside, no symlink left in it. */
  | { found: 'file' | 'directory' | 'other'; host: string; inside: string; mode: number; uid: number; gid: number; folders: Access[] }
  | { found: 'nothing' }
  /** A part of the path that should be a folder is not. */
  | { found: 'not-a-directory' }
  /** It lies on a mount that is only made with the container, we may not look there, or too many symlinks were met. */
  | { found: 'unknown' };

/** Linux's limit on symlinks in one path (namei.c). */
const MAX_SYMLINKS = 40;

/** Looks `path` (absolute, or relative to the container's root) up inside the container. */
export function lookInside(view: RootView, path: string): Lookup {
  let pending = path.split('/').filter((part) => part !== '' && part !== '.');
  let inside = '/';
  let symlinks = 0;
  const folders: Access[] = [];
  while (true) {
    const host = hostPath(view, inside);
    if (host === undefined) return { found: 'unknown' };
    const part = pending[0];
    const stat = lstat(host);
    if (typeof stat === 'string') return { found: stat };
    if (stat.isSymbolicLink()) {
      if (++symlinks > MAX_SYMLINKS) return { found: 'unknown' };
      const target = readlinkSync(host);
      pending = [...target.split('/').filter((piece) => piece !== '' && piece !== '.'), ...pending];
      inside = target.startsWith('/') ? '/' : join(inside, '..');
      continue;
    }
    const { uid, gid, mode } = stat;
    if (part === undefined) {
      const found = stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other';
      return { found, host, inside, mode, uid, gid, folders };
    }
    if (!stat.isDirectory()) return { found: 'not-a-directory' };
    folders.push({ host, uid, gid, mode });
    pending = pending.slice(1);
    inside = join(inside, part);
  }
}

/** Where `path` really is, as far as it exists: the symlinks in it followed. A mount on `path` is made there. */
export function resolveInside(view: RootView, path: string): string {
  let inside = '/';
  for (const part of path.split('/').filter(Boolean)) {
    const place = lookInside(view, join(inside, part));
    inside = 'inside' in place ? place.inside : join(inside, part);
  }
  return inside;
}

/** Whether `inside`, which has no symlink in it, lies on a mount that is read-only. */
export function isOnReadOnlyMount({ mounts, readOnly }: RootView, inside: string): boolean {
  const mount = mounts && innermost(mounts, inside);
  return mount !== undefined && (readOnly?.has(mount) ?? false);
}

/** The host path of `inside`, which has no symlink in it: through the innermost mount that holds it. */
function hostPath({ rootfs, mounts }: RootView, inside: string): string | undefined {
  const mount = mounts?.size ? innermost(mounts, inside) : undefined;
  if (mount === undefined) return join(rootfs, inside);
  const source = mounts?.get(mount);
  return source === undefined ? undefined : join(source, inside.slice(mount.length));
}

function innermost(mounts: ReadonlyMap<string, string | undefined>, inside: string): string | undefined {
  for (let prefix = inside; prefix !== '/'; prefix = join(prefix, '..')) if (mounts.has(prefix)) return prefix;
  return undefined;
}

function lstat(path: string): Stats | 'nothing' | 'unknown' {
  try {
    return lstatSync(path);
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '') ? 'nothing' : 'unknown';
  }
}
