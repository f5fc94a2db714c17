// SELinux labels of what a container is given by `:z` (all containers may use it) or `:Z` (this one alone), as container engines write them:
// the type that container processes may use, and for one container's own two categories. Only what has another label is changed.
import { createHash } from 'node:crypto';
import type { Visited } from '../../storage/tree-walk.ts';
import { getXattr, setXattr } from '../../sys/xattr.ts';

const ATTRIBUTE = 'security.selinux';
const CATEGORIES = 1024;

/** What reads and writes the label of `name`, a byte string, in an open folder. */
export interface Labels {
  get: (folder: number, name: string) => string | undefined;
  set: (folder: number, name: string, label: string) => void;
}

export function containerLabel(kind: 'shared' | 'private', id: string): string {
  const base = 'system_u:object_r:container_file_t:s0';
  return kind === 'shared' ? base : `${base}:${categoriesOf(id)}`;
}

/** Gives what it is called with the label, unless it has it. */
export const relabeler =
  (label: string, labels: Labels) =>
  ({ folder, name }: Visited): void => {
    if (labels.get(folder, name) !== label) labels.set(folder, name, label);
  };

/** The kernel's. A symlink has a label of its own: it is never followed, and the folder is the open one. */
export const kernelLabels: Labels = {
  get: (folder, name) => getXattr(pathOf(folder, name), ATTRIBUTE)?.toString('latin1').replace(/\0$/, ''),
  set: (folder, name, label) => setXattr(pathOf(folder, name), ATTRIBUTE, Buffer.from(`${label}\0`)),
};

const pathOf = (folder: number, name: string): Buffer => Buffer.from(`/proc/self/fd/${folder}/${name}`, 'latin1');

// Two different numbers that follow from the id, the smaller first.
function categoriesOf(id: string): string {
  const hash = createHash('sha256').update(id).digest();
  const first = hash.readUInt16LE(0) % CATEGORIES;
  const second = (first + 1 + (hash.readUInt16LE(2) % (CATEGORIES - 1))) % CATEGORIES;
  return `c${Math.min(first, second)},c${Math.max(first, second)}`;
}
