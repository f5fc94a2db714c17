// The rootfs of a step: its layers below a folder of its own, by the ladder that containers have. `close` takes the mount away, so that what the
// program changed can be read, and moved, where it lies.
import { chmodSync, chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeRootfs, type StorageDriver } from '../../../runtime/rootfs.ts';
import type { BuildContainer } from '../../../storage/build-container.ts';
import { layerFs } from '../../../storage/layout.ts';
import { EngineError } from '../../../sys/errors.ts';
import { detachIfMounted } from '../../../sys/mount.ts';
import { kill } from '../../../sys/process.ts';
import { SIGKILL } from '../../../sys/signals.ts';
import type { BuildSite, RunStep } from '../model.ts';

export interface Rootfs {
  path: string;
  driver: StorageDriver;
  /** What the program changed, or with the driver `copy` all there is. */
  own: string;
  /** Whoever serves the files has died; what the program did then is nothing. */
  isLost(): boolean;
  close(): Promise<void>;
}

export interface RootfsPlace {
  container: BuildContainer;
  driver: StorageDriver;
  scratch: string;
}

/** Throws ERR_ROOTFS, ERR_HANGS, ERR_LAYER_MISSING. */
export async function openRootfs(
  { ctx, signal }: BuildSite,
  { layers }: RunStep,
  { container, driver, scratch }: RootfsPlace,
): Promise<Rootfs> {
  const { folder } = container;
  const upper = join(folder, 'upper');
  copyRootMode(ctx, layers, upper);
  const servers: number[] = [];
  let isLost = false;
  let isOver = false;
  const served = Promise.withResolvers<void>();
  const onLost = (): void => {
    isLost = !isOver;
    served.resolve();
  };
  const folders = { container: folder, scratch, signal, onLost, onSpawn: (pid: number) => servers.push(pid), isPassing: true };
  const path = await makeRootfs(ctx, driver, layers, folders);
  return {
    path,
    driver,
    own: driver === 'copy' ? path : upper,
    isLost: () => isLost,
    async close() {
      if (isOver) return;
      isOver = true;
      if (driver === 'copy') return;
      detachIfMounted(path);
      if (driver !== 'fuse-overlayfs') return;
      // It ends by itself when nobody has its files open any more; what it has not written by then it never will.
      await Promise.race([served.promise, Bun.sleep(SERVER_MS)]);
      for (const pid of servers) kill(pid, SIGKILL);
    },
  };
}

const SERVER_MS = 5000;

export const lostRootfs = (): EngineError =>
  new EngineError('ERR_ROOTFS', 'fuse-overlayfs, which served the files of the step, has died', {
    hint: 'Build again; where it happens again, with --storage-driver copy',
  });

// The root of an overlay is that of its topmost folder.
function copyRootMode(ctx: BuildSite['ctx'], layers: readonly string[], upper: string): void {
  const top = layers.at(-1);
  const root = top === undefined ? undefined : statSync(layerFs(ctx, top), { throwIfNoEntry: false });
  if (!root) return;
  chownSync(upper, root.uid, root.gid);
  chmodSync(upper, root.mode & 0o7777);
}
