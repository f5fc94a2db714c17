// The container of a RUN step, as it lies on the disk: `containers/<id>/` without config.json, its lock held by the build's worker. So it is nobody's
// container for `ps`, `rm` or a prune. One whose lock is free was left by a build that died, and goes, its cgroup too.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { isLocked, tryLock } from '../sys/lock.ts';
import { randomHex } from '../sys/random.ts';
import { containerIds } from './container.ts';
import { containerConfigPath, containerDir, containerLockPath, containerRunDir, tmpDir } from './layout.ts';

type HasPaths = Pick<Ctx, 'paths'>;

export interface BuildContainer {
  /** 64 hex digits. */
  id: string;
  folder: string;
  /** Notes the cgroup, for who finds it after our death. */
  noteCgroup(path: string): void;
  /** Removes everything. Harmless when called twice. */
  remove(): void;
}

const MARK = 'build-step';

/** Makes one with empty `upper/ work/ merged/`. */
export function makeBuildContainer(ctx: HasPaths): BuildContainer {
  const id = randomHex(32);
  const lockPath = containerLockPath(ctx, id);
  mkdirSync(dirname(lockPath), { recursive: true, mode: 0o700 });
  const lock = tryLock(lockPath);
  const folder = containerDir(ctx, id);
  const making = join(tmpDir(ctx), `container-${id}`);
  for (const name of ['upper', 'work', 'merged']) {
    mkdirSync(join(making, name), { recursive: true });
    chmodSync(join(making, name), 0o755);
  }
  writeFileSync(join(making, MARK), '');
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  renameSync(making, folder);
  let isThere = true;
  return {
    id,
    folder,
    noteCgroup: (path) => writeFileSync(join(folder, MARK), path),
    remove() {
      if (!isThere) return;
      isThere = false;
      removeFolders(ctx, id);
      rmSync(lockPath, { force: true });
      lock?.release();
    },
  };
}

/** Ids of the folders that steps of builds have, or had. */
export function buildContainerIds(ctx: HasPaths): string[] {
  return containerIds(ctx).filter((id) => isBuildContainer(ctx, id));
}

export const isBuildContainer = (ctx: HasPaths, id: string): boolean =>
  !existsSync(containerConfigPath(ctx, id)) && existsSync(join(containerDir(ctx, id), MARK));

/** Those that a dead build left. */
export const deadBuildContainers = (ctx: HasPaths): string[] =>
  buildContainerIds(ctx).filter((id) => !isLocked(containerLockPath(ctx, id)));

/** Removes what dead builds left; as root of the user namespace. `endCgroup` is given the cgroup that it may have left as well. */
export async function sweepBuildContainers(ctx: HasPaths, endCgroup: (path: string) => Promise<void>): Promise<void> {
  for (const id of deadBuildContainers(ctx)) {
    const cgroup = readMark(ctx, id);
    if (cgroup) await endCgroup(cgroup);
    removeFolders(ctx, id);
    rmSync(containerLockPath(ctx, id), { force: true });
  }
}

// Another build may be sweeping as well.
function readMark(ctx: HasPaths, id: string): string {
  try {
    return readFileSync(join(containerDir(ctx, id), MARK), 'utf8');
  } catch {
    return '';
  }
}

// Out of sight at once: what is half removed then is garbage of tmp/.
function removeFolders(ctx: HasPaths, id: string): void {
  const grave = join(tmpDir(ctx), `removed-${id}`);
  try {
    renameSync(containerDir(ctx, id), grave);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  rmSync(grave, { recursive: true, force: true });
  rmSync(containerRunDir(ctx, id), { recursive: true, force: true });
}
