// The tree of cgroups as the kernel shows it (cgroup v2): where it is mounted, where we are in it, what of it we may write.
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

export { cgroup2Mount } from '../sys/cgroup-mount.ts';

export function ownCgroup(): string | undefined {
  return /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
}

// Moving a process needs write access to cgroup.procs of the common ancestor, so the base is an ancestor of our own cgroup
// (or itself); one that holds no process is preferred, since only such a one can hand controllers down.
export function writableBase(root: string, own: string): string | undefined {
  const writable: string[] = [];
  for (let path = own; ; path = dirname(path)) {
    if (!isWritable(join(root, path))) break;
    writable.push(path);
    if (path === '/') break;
  }
  return writable.find((path) => readFileSync(join(root, path, 'cgroup.procs'), 'utf8') === '') ?? writable[0];
}

export function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    accessSync(join(folder, 'cgroup.procs'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

export function enableControllers(folder: string): string[] {
  for (const controller of controllersOf(folder)) {
    try {
      writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`);
    } catch {
      // Not delegated, or the folder holds processes: stays off, and is reported with the limit that wants it.
    }
  }
  return words(join(folder, 'cgroup.subtree_control'));
}

export const controllersOf = (folder: string): string[] => words(join(folder, 'cgroup.controllers'));

function words(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trim().split(' ').filter(Boolean);
  } catch {
    return [];
  }
}

/** The cgroup that holds both. */
export function commonAncestor(one: string, other: string): string {
  const theirs = other.split('/');
  const shared: string[] = [];
  for (const [index, name] of one.split('/').entries()) {
    if (name !== theirs[index]) break;
    shared.push(name);
  }
  return shared.join('/') || '/';
}

/** The cgroup that `parent` names: from the root of the tree, or below the one that is ours. Undefined: it cannot be used. */
export function parentPath(root: string, own: string, parent: string): string | undefined {
  const base = isAbsolute(parent) ? '/' : writableBase(root, own);
  if (base === undefined) return undefined;
  const path = join(base, parent).replace(/(.)\/$/, '$1');
  return isWritable(join(root, path)) && isWritable(join(root, commonAncestor(own, path))) ? path : undefined;
}
