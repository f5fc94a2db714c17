// Folders of shared uplinks (uplink-record.ts) outlive the network namespace that they were for. They go when another holder takes its place: those
// whose keeper is gone, and that nobody uses any more, since a supervisor that has its end of it open would ask for a new keeper there.
import { closeSync, constants, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../../sys/context.ts';
import { isLocked } from '../../sys/lock.ts';

/** Removes those of other namespaces than `netns` (as its link reads). Never throws. */
export function sweepUplinks({ paths }: Pick<Ctx, 'paths'>, netns: string | undefined): void {
  const all = join(paths.run, 'uplink');
  const current = netns?.replace(/\D/g, '');
  for (const name of namesIn(all)) {
    const folder = join(all, name);
    if (name === current || isInUse(folder)) continue;
    rmSync(folder, { recursive: true, force: true });
  }
}

function isInUse(folder: string): boolean {
  try {
    if (isLocked(join(folder, 'lock'))) return true;
    // ENXIO: nobody has the FIFO open.
    closeSync(openSync(join(folder, 'users'), constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
