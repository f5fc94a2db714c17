// Freezing a container's cgroup (cgroup v2, cgroup.freeze): its processes keep all they have and run no further. Trap: a frozen process
// takes SIGKILL at once and every other signal only when it is thawed, so whoever ends a container thaws it too.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { cgroup2Mount } from './cgroup-tree.ts';

/** How long processes may take to come to rest, which one that waits for a disk does not. */
const FREEZE_MS = 10_000;

/**
 * Freezes the cgroup at `path`, and resolves when every process of it rests; false when it ended, or somebody thawed it, meanwhile. Throws
 * ERR_CANNOT_FREEZE when a process does not come to rest; then it runs on.
 */
export async function freeze(path: string): Promise<boolean> {
  const folder = folderOf(path);
  try {
    writeFileSync(join(folder, 'cgroup.freeze'), '1');
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
  const deadline = performance.now() + FREEZE_MS;
  for (;;) {
    const events = readOr(join(folder, 'cgroup.events'));
    const isWanted = readOr(join(folder, 'cgroup.freeze')).trim() === '1';
    if (!isWanted || !/^populated 1$/m.test(events)) return false;
    if (/^frozen 1$/m.test(events)) return true;
    if (performance.now() > deadline) {
      thaw(path);
      const why = 'a process of it does not come to rest; it may wait for a disk';
      throw new EngineError('ERR_CANNOT_FREEZE', `Cannot freeze the container: ${why}`);
    }
    await Bun.sleep(2);
  }
}

/** Lets the cgroup at `path` run, frozen or not; one that is gone is no error. */
export function thaw(path: string): void {
  try {
    writeFileSync(join(folderOf(path), 'cgroup.freeze'), '0');
  } catch {
    // Gone with its last process.
  }
}

const folderOf = (path: string): string => join(cgroup2Mount() ?? '/sys/fs/cgroup', path);

// ENODEV: of a cgroup that was removed while its file was open.
const isGone = (error: unknown): boolean => errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENODEV';

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
