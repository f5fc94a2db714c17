// Notices that the kernel killed a process of the container for want of memory (memory.events of its cgroup). The count outlives a restart
// with the cgroup, so only what is added to it is news. Where a limit makes it likely the file is watched (inotify: no cost while
// nothing happens); else it is read at the end alone.
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { CgroupPlace } from '../cgroup.ts';
import { cgroup2Mount } from '../cgroup-tree.ts';

export interface OomWatch {
  /** Looks a last time, and watches no more. */
  end(): void;
}

/** Watches the cgroup at `place`; `onKill` is called for each time that something was killed in it. */
export function watchOom(place: Pick<CgroupPlace, 'path'>, { isLimited, onKill }: { isLimited: boolean; onKill: () => void }): OomWatch {
  const root = cgroup2Mount();
  if (!root || !place.path) return { end: () => undefined };
  return watchKills(join(root, place.path, 'memory.events'), { isLimited, onKill });
}

/** The same for the file itself. */
export function watchKills(file: string, { isLimited, onKill }: { isLimited: boolean; onKill: () => void }): OomWatch {
  let known = killsIn(file);
  const look = (): void => {
    const now = killsIn(file);
    const isNews = now > known;
    known = now;
    if (isNews) onKill();
  };
  const watcher = isLimited ? watchFile(file, look) : undefined;
  return {
    end: () => {
      watcher?.close();
      look();
    },
  };
}

// The controller may not be there, and the user's inotify watches may be used up: then it is seen at the end.
function watchFile(file: string, look: () => void): FSWatcher | undefined {
  try {
    return watch(file, look).on('error', () => undefined);
  } catch {
    return undefined;
  }
}

function killsIn(file: string): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
