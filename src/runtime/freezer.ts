// Freezing a container's cgroup (cgroup v2, cgroup.freeze): its processes keep all they have and run no further. Trap: a frozen process
// takes SIGKILL at once and every other signal only when it is thawed, so whoever ends a container thaws it too.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../sys/errors.ts';
import { cgroup2Mount } from './cgroup-tree.ts';

/** How long processes may take to come to rest, which one that waits for a disk does not. */
const FREEZE_MS = 10_000;

/**
 * Freezes the cgroup at `path`, and resolves when every process of it rests. Throws ERR_CANNOT_FREEZE, and then it runs on: a process does
 * not come to rest, it ended, or somebody thawed it meanwhile.
 */
export async function freeze(path: string): Promise<void> {
  const folder = folderOf(path);
  writeFileSync(join(folder, 'cgroup.freeze'), '1');
  const deadline = performance.now() + FREEZE_MS;
  for (;;) {
    const events = readOr(join(folder, 'cgroup.events'));
    const isWanted = readOr(join(folder, 'cgroup.freeze')).trim() === '1';
    if (!isWanted || !/^populated 1$/m.test(events)) throw cannot('it ended meanwhile');
    if (/^frozen 1$/m.test(events)) return;
    if (performance.now() > deadline) {
      thaw(path);
      throw cannot('a process of it does not come to rest; it may wait for a disk');
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

const cannot = (why: string): EngineError => new EngineError('ERR_CANNOT_FREEZE', `Cannot freeze the container: ${why}`);

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
