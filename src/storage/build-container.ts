// The container of a RUN step, as it lies on the disk: a folder like a container's, its lock held by the build's worker. Its id is none that a container
// has, so that nobody takes it for one whose record is lost. One whose lock is free was left by a build that died, and goes, with its cgroup.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { cgroup2Mount } from '../sys/cgroup-mount.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { isLocked, type Lock, tryLock } from '../sys/lock.ts';
import { randomHex } from '../sys/random.ts';
import { containerDir, containerLockPath, containerRunDir, containersDir, locksDir, tmpDir } from './layout.ts';

type HasPaths = Pick<Ctx, 'paths'>;

export interface BuildContainer {
  id: string;
  folder: string;
  /** Notes the cgroup, for who finds it after our death. */
  noteCgroup(path: string): void;
  /** Removes everything. Harmless when called twice. */
  remove(): void;
}

/** As long as a container's. */
const ID = /^b-[0-9a-f]{62}$/;
const LOCK = /^c-b-[0-9a-f]{62}$/;
const LOCK_AGE_MS = 60_000;
const CGROUP_FILE = 'cgroup';

/** An id that no container has, and its lock. */
export function newBuildId(ctx: HasPaths): { id: string; lock: Lock } {
  for (;;) {
    const id = `b-${randomHex(31)}`;
    mkdirSync(dirname(containerLockPath(ctx, id)), { recursive: true, mode: 0o700 });
    const lock = tryLock(containerLockPath(ctx, id));
    if (lock) return { id, lock };
  }
}

/** Makes one with empty `upper/ work/ merged/`. */
export function makeBuildContainer(ctx: HasPaths): BuildContainer {
  const { id, lock } = newBuildId(ctx);
  const folder = containerDir(ctx, id);
  for (const name of ['upper', 'work', 'merged']) {
    mkdirSync(join(folder, name), { recursive: true });
    // The root has the mode of upper/: the user's umask must not close it to the container's users.
    chmodSync(join(folder, name), 0o755);
  }
  let isThere = true;
  return {
    id,
    folder,
    noteCgroup: (path) => writeFileSync(join(folder, CGROUP_FILE), path),
    remove() {
      if (!isThere) return;
      isThere = false;
      removeFolders(ctx, id);
      rmSync(containerLockPath(ctx, id), { force: true });
      lock.release();
    },
  };
}

/** Ids of those that a dead build left. */
export function deadBuildContainers(ctx: HasPaths): string[] {
  return namesIn(containersDir(ctx)).filter((id) => ID.test(id) && !isLocked(containerLockPath(ctx, id)));
}

/** Removes what dead builds left: containers, run folders, locks; as root of the user namespace. */
export function sweepDeadBuilds(ctx: Pick<Ctx, 'paths' | 'now'>): void {
  for (const id of deadBuildContainers(ctx)) removeDeadBuildContainer(ctx, id);
  const folders = join(ctx.paths.run, 'c');
  // Before the locks: whoever makes one has its lock by then.
  const starts = namesIn(folders).filter((name) => name.startsWith('b-'));
  const locks = namesIn(locksDir(ctx)).filter((name) => LOCK.test(name));
  const held = locks.filter((name) => isLocked(join(locksDir(ctx), name)));
  for (const start of starts) {
    if (!held.some((name) => name.startsWith(`c-${start}`))) rmSync(join(folders, start), { recursive: true, force: true });
  }
  for (const name of locks)
    if (!held.includes(name) && isOld(ctx, join(locksDir(ctx), name))) rmSync(join(locksDir(ctx), name), { force: true });
}

// Between opening a new lock file and locking it, its maker must not lose it.
function isOld(ctx: Pick<Ctx, 'now'>, path: string): boolean {
  const made = statSync(path, { throwIfNoEntry: false });
  return made !== undefined && ctx.now().getTime() - made.mtimeMs > LOCK_AGE_MS;
}

/** Removes what a dead build left of one step; as root of the user namespace. False: its processes have not all ended yet. */
export function removeDeadBuildContainer(ctx: HasPaths, id: string): boolean {
  if (!removeCgroup(ctx, id)) return false;
  removeFolders(ctx, id);
  rmSync(containerLockPath(ctx, id), { force: true });
  return true;
}

/** Out of sight at once: what is half removed then is garbage of tmp/. */
function removeFolders(ctx: HasPaths, id: string): void {
  const grave = join(tmpDir(ctx), `removed-${id}`);
  mkdirSync(tmpDir(ctx), { recursive: true, mode: 0o700 });
  try {
    renameSync(containerDir(ctx, id), grave);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  rmSync(grave, { recursive: true, force: true });
  rmSync(containerRunDir(ctx, id), { recursive: true, force: true });
}

/** Of its own folder below ours, `skiff-…/container`, and whatever was made in it. */
function removeCgroup(ctx: HasPaths, id: string): boolean {
  const root = cgroup2Mount();
  const path = readNote(join(containerDir(ctx, id), CGROUP_FILE));
  if (!root || !path) return true;
  return removeFoldersOf(dirname(join(root, path)));
}

function removeFoldersOf(cgroup: string): boolean {
  for (const entry of existsSync(cgroup) ? readdirSync(cgroup, { withFileTypes: true }) : []) {
    if (entry.isDirectory() && !removeFoldersOf(join(cgroup, entry.name))) return false;
  }
  try {
    rmdirSync(cgroup);
  } catch (error) {
    return errnoOf(error) !== 'EBUSY';
  }
  return true;
}

function readNote(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
