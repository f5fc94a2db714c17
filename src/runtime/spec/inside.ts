// Finds files of a container from outside it, as its own processes would see them: symlinks are followed with the container's root as
// `/`, so that an absolute link or any number of `..` stays inside. Mounts that do not exist yet (they come with the container) are
// looked through: a path below a mount's destination is looked up in its source.
// Trap: no protection against a tree that changes meanwhile; call it before the container's first process runs.
import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export interface RootView {
  /** Absolute path of the container's rootfs. */
  rootfs: string;
  /** Container path → host path; undefined for a mount whose contents cannot be known before (tmpfs, proc, dev). */
  mounts?: ReadonlyMap<string, string | undefined>;
}

export type Lookup =
  /** `host` is the final path outside, no symlink left in it. */
  | { found: 'file' | 'directory' | 'other'; host: string; inside: string; mode: number }
  | { found: 'nothing' }
  /** A part of the path that should be a folder is not. */
  | { found: 'not-a-directory' }
  /** It lies on a mount that is only made with the container, or too many symlinks were met. */
  | { found: 'unknown' };

/** Linux's limit on symlinks in one path (namei.c). */
const MAX_SYMLINKS = 40;

/** Looks `path` (absolute, or relative to the container's root) up inside the container. */
export function lookInside(view: RootView, path: string): Lookup {
  let pending = path.split('/').filter((part) => part !== '' && part !== '.');
  let inside = '/';
  let symlinks = 0;
  while (true) {
    const host = hostPath(view, inside);
    if (host === undefined) return { found: 'unknown' };
    const part = pending[0];
    const stat = lstat(host);
    if (!stat) return { found: 'nothing' };
    if (stat.isSymbolicLink()) {
      if (++symlinks > MAX_SYMLINKS) return { found: 'unknown' };
      const target = readlinkSync(host);
      pending = [...target.split('/').filter((piece) => piece !== '' && piece !== '.'), ...pending];
      inside = target.startsWith('/') ? '/' : join(inside, '..');
      continue;
    }
    if (part === undefined) {
      const found = stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other';
      return { found, host, inside, mode: stat.mode };
    }
    if (!stat.isDirectory()) return { found: 'not-a-directory' };
    pending = pending.slice(1);
    inside = join(inside, part);
  }
}

/** The host path of `inside`, which has no symlink in it: through the innermost mount that holds it. */
function hostPath({ rootfs, mounts }: RootView, inside: string): string | undefined {
  if (!mounts?.size) return join(rootfs, inside);
  for (let prefix = inside; prefix !== '/'; prefix = join(prefix, '..')) {
    if (!mounts.has(prefix)) continue;
    const source = mounts.get(prefix);
    return source === undefined ? undefined : join(source, inside.slice(prefix.length));
  }
  return join(rootfs, inside);
}

function lstat(path: string) {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
