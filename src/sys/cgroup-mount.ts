// Where the tree of cgroups (version 2) is mounted.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The mount point of the cgroup2 filesystem, or undefined. One that another mount hides is none. */
export function cgroup2Mount(
  mountinfo = readFileSync('/proc/self/mountinfo', 'utf8'),
  isCgroup = (point: string): boolean => existsSync(join(point, 'cgroup.controllers')),
): string | undefined {
  const points = mountinfo
    .split('\n')
    .filter((line) => line.includes(' - cgroup2 '))
    .map((line) => line.split(' ')[4] ?? '')
    .filter(isCgroup);
  return points.includes('/sys/fs/cgroup') ? '/sys/fs/cgroup' : points.at(-1);
}
