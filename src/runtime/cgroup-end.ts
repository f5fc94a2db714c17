// The end of a container's cgroup: what is left in it is killed, then it goes. Paths are relative to the cgroup2 mount.
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cgroup2Mount } from './cgroup-tree.ts';

/**
 * Kills what is left in the cgroup of a container that is down, and removes it. A killed supervisor's lock is free a moment before the kernel
 * has killed its pid namespace, and an exec may just be joining: until that is over the cgroup is busy.
 */
export async function endCgroup(path: string): Promise<void> {
  const root = cgroup2Mount();
  if (!root || !path) return;
  const folder = join(root, path);
  const deadline = performance.now() + EMPTY_MS;
  for (;;) {
    if (isPopulated(folder)) killAll(folder);
    else removeCgroup({ path });
    if (!existsSync(folder) || performance.now() > deadline) break;
    await Bun.sleep(2);
  }
  removeCgroup({ path });
}

function killAll(folder: string): void {
  try {
    writeFileSync(join(folder, 'cgroup.kill'), '1');
  } catch {
    // Gone by now, or a kernel before 5.14: then its end is only waited for.
  }
}

/** How long killed processes may take to leave, which one that waits for a disk does not. */
const EMPTY_MS = 5000;

function isPopulated(folder: string): boolean {
  try {
    return /^populated 1/m.test(readFileSync(join(folder, 'cgroup.events'), 'utf8'));
  } catch {
    return false;
  }
}

/** Removes what `placeContainer` and crun made for a container whose processes are gone. */
function removeCgroup(place: { path?: string }): void {
  const root = cgroup2Mount();
  if (!root || !place.path) return;
  for (const folder of [join(root, place.path), dirname(join(root, place.path))]) {
    if (folder.includes('skiff-')) removeCgroupTree(folder);
  }
}

// A container with a cgroup namespace may have made cgroups of its own below.
function removeCgroupTree(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) removeCgroupTree(join(folder, entry.name));
    }
    rmdirSync(folder);
  } catch {
    // Busy or gone: a scope is collected by systemd, ours by the next removal.
  }
}
