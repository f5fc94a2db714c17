// A folder in tmp/ for what a build fetches or unpacks, under a claim: who dies leaves garbage that the next sweep takes.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { claim } from '../../../storage/claim.ts';
import { tmpDir } from '../../../storage/layout.ts';
import type { Ctx } from '../../../sys/context.ts';
import { randomHex } from '../../../sys/random.ts';

export interface TemporaryFolder {
  path: string;
  /** Harmless the second time. */
  remove(): void;
}

export function makeTemporary(ctx: Pick<Ctx, 'paths'>): TemporaryFolder {
  for (;;) {
    const name = `build-files-${randomHex(8)}`;
    const hold = claim(ctx, name);
    if (!hold) continue;
    const path = join(tmpDir(ctx), name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    let isThere = true;
    return {
      path,
      remove() {
        if (!isThere) return;
        isThere = false;
        removeTree(path);
        hold.release();
      },
    };
  }
}

// An archive may hold folders that their owner may not write in. What cannot be removed the next sweep takes, as root of the namespace.
function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    Bun.spawnSync(['chmod', '-R', 'u+rwX', path], { stdio: ['ignore', 'ignore', 'ignore'] });
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // See above.
    }
  }
}
