// `--mount=type=cache`: a folder that outlives the build, kept by storage/build-cache-mounts.ts. What it starts with is copied there once.
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { copyTree } from '../../../runtime/copy-tree.ts';
import { useCacheMount } from '../../../storage/build-cache-mounts.ts';
import { EngineError } from '../../../sys/errors.ts';
import type { RunMount } from '../model.ts';
import { placeOf, treeOf } from './bind-mount.ts';
import { type MadeMount, type MountSite, pointAt, targetOf } from './mounts.ts';

type CacheMount = Extract<RunMount, { type: 'cache' }>;

/** Waits for one that another step has locked. Throws the signal's reason, ERR_MOUNT_SOURCE. */
export async function makeCache(at: MountSite, mount: CacheMount, index: number): Promise<MadeMount> {
  const { ctx, signal } = at.site;
  const use = await useCacheMount(ctx, {
    id: mount.id,
    sharing: mount.sharing,
    signal,
    create: (path) => fill(at, mount, { index, path }),
  });
  return { points: [pointAt(use.path, targetOf(at.step, mount.target), { RW: !mount.readonly })], release: use.release };
}

async function fill(at: MountSite, mount: CacheMount, { index, path }: { index: number; path: string }): Promise<void> {
  mkdirSync(path);
  if (mount.from) {
    const tree = await treeOf(at, mount.from, { index, readonly: true });
    const place = join(at.scratch, 'binds', String(index));
    placeOf(tree, mount.source, place);
    const why = await copyTree(place, path, { onSpawn: () => undefined, signal: at.site.signal });
    if (why !== undefined) throw new EngineError('ERR_MOUNT_SOURCE', `Cannot fill the cache mount "${mount.id}": ${why}`);
    return;
  }
  chownSync(path, mount.uid, mount.gid);
  chmodSync(path, mount.mode);
}
