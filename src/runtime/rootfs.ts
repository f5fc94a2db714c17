// The container's root filesystem from its layers. Ladder: native overlay in the user namespace (userxattr, kernel 5.11+) →
// fuse-overlayfs → a copy. Probed once per boot by really mounting; the choice and its reason are cached in the run folder.
// Mounts are made in the supervisor's private mount namespace, so they cannot outlive it.
import { accessSync, constants, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { layerFs, tmpDir } from '../storage/layout.ts';
import { readJson, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, messageOf } from '../sys/errors.ts';
import { chdir, mount } from '../sys/mount.ts';
import { copyLayers } from './rootfs-copy.ts';
import { userNamespaceArgv } from './userns.ts';

export type StorageDriver = 'overlay' | 'fuse-overlayfs' | 'copy';

export interface RootfsChoice {
  driver: StorageDriver;
  reason: string;
}

const DRIVERS: readonly StorageDriver[] = ['overlay', 'fuse-overlayfs', 'copy'];

/** The driver for new containers. `forced` (a flag, or SKIFF_STORAGE_DRIVER) is taken as it is. Throws ERR_STORAGE_DRIVER. */
export async function chooseRootfs(ctx: Ctx, forced = ctx.env.SKIFF_STORAGE_DRIVER): Promise<RootfsChoice> {
  if (forced) {
    const driver = DRIVERS.find((known) => known === forced);
    if (driver) return { driver, reason: 'asked for' };
    throw new EngineError('ERR_STORAGE_DRIVER', `Unknown storage driver "${forced}"`, {
      hint: `Use one of: ${DRIVERS.join(', ')}`,
      exitCode: 125,
    });
  }
  const cache = join(ctx.paths.run, 'rootfs.json');
  const cached = readJson(cache) as (RootfsChoice & { data?: string }) | undefined;
  if (cached?.data === ctx.paths.data && DRIVERS.includes(cached.driver)) return cached;
  const choice = await probe(ctx);
  writeJsonAtomic(cache, { ...choice, data: ctx.paths.data }, { durable: false });
  return choice;
}

/** What `info` shows. */
export async function describeRootfs(ctx: Ctx): Promise<{ step: StorageDriver; reason: string }> {
  const { driver, reason } = await chooseRootfs(ctx);
  return { step: driver, reason };
}

export interface RootfsFolders {
  /** `containers/<id>`: holds upper/, work/, merged/. */
  container: string;
  /** Scratch on a tmpfs of the supervisor's, for short names. */
  scratch: string;
}

/**
 * Makes the rootfs of `layers` (diff-ids, base first) and returns its path. In the user namespace, with a mount namespace of
 * one's own. Throws ERR_ROOTFS.
 */
export async function makeRootfs(ctx: Ctx, driver: StorageDriver, layers: string[], folders: RootfsFolders): Promise<string> {
  const merged = join(folders.container, 'merged');
  // Equal layers of one image are one folder, which overlay may be given once: the topmost place wins, and hides nothing.
  const topFirst = [...new Set(layers.toReversed())].map((diffId) => layerFs(ctx, diffId));
  for (const layer of topFirst) requireLayer(layer);
  if (driver === 'copy') return copyLayers(topFirst.toReversed(), folders.container);
  if (topFirst.length === 0) topFirst.push(emptyLayer(folders.scratch));
  const lower = shortNames(topFirst, folders.scratch);
  const upper = `upperdir=${escapeOption(join(folders.container, 'upper'))},workdir=${escapeOption(join(folders.container, 'work'))}`;
  if (driver === 'overlay') {
    chdir(folders.scratch);
    try {
      mount('overlay', merged, { type: 'overlay', data: `lowerdir=${lower},${upper},userxattr` });
    } finally {
      chdir('/');
    }
    return merged;
  }
  await mountFuse(merged, `lowerdir=${topFirst.map(escapeOption).join(':')},${upper}`);
  return merged;
}

function requireLayer(path: string): void {
  try {
    statSync(path);
  } catch (error) {
    throw new EngineError('ERR_ROOTFS', `Cannot make the root filesystem: layer folder "${path}" is missing`, {
      hint: 'Find what is damaged with "skiff system check", then pull the image again',
      cause: error,
      exitCode: 125,
    });
  }
}

// mount(2) takes one page of options: 127 layers fit as the symlinks 0, 1, … of the current folder.
function shortNames(layers: string[], scratch: string): string {
  layers.forEach((layer, index) => {
    symlinkSync(layer, join(scratch, String(index)));
  });
  return layers.map((_, index) => String(index)).join(':');
}

function emptyLayer(scratch: string): string {
  const path = join(scratch, 'empty');
  mkdirSync(path, { mode: 0o755 });
  return path;
}

const escapeOption = (path: string): string => path.replace(/[\\:,]/g, (character) => `\\${character}`);

async function mountFuse(merged: string, options: string): Promise<void> {
  const before = statSync(merged).dev;
  const fuse = Bun.spawn(['fuse-overlayfs', '-f', '-o', options, merged], { stdio: ['ignore', 'ignore', 'pipe'] });
  let ended = false;
  fuse.exited.then(() => {
    ended = true;
  });
  while (!ended && statSync(merged).dev === before) await Bun.sleep(1);
  if (ended) {
    throw new EngineError('ERR_ROOTFS', `fuse-overlayfs failed: ${(await new Response(fuse.stderr).text()).trim()}`, { exitCode: 125 });
  }
  fuse.unref();
}

async function probe(ctx: Ctx): Promise<RootfsChoice> {
  const folder = join(tmpDir(ctx), `probe-${process.pid}`);
  for (const name of ['l', 'u', 'w', 'm']) mkdirSync(join(folder, name), { recursive: true });
  await Bun.write(join(folder, 'l/f'), '');
  const enter = await userNamespaceArgv(ctx);
  try {
    // Removing a file of the lower layer needs a whiteout in the upper: what a half-working overlay fails at.
    const script = 'mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w,userxattr m && rm m/f && [ ! -e m/f ]';
    const native = Bun.spawnSync([...enter, 'unshare', '--mount', 'sh', '-c', script], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (native.exitCode === 0) return { driver: 'overlay', reason: 'native overlay works in the user namespace' };
    const why = `native overlay does not work here: ${native.stderr.toString().trim().split('\n')[0]}`;
    const fuse = fuseProblem(ctx);
    if (!fuse) return { driver: 'fuse-overlayfs', reason: why };
    return { driver: 'copy', reason: `${why}; ${fuse}` };
  } finally {
    removeProbe(enter, folder);
  }
}

// work/work is made by overlay with mode 000 and belongs to the namespace's root, which is us outside.
function removeProbe(enter: string[], folder: string): void {
  Bun.spawnSync([...enter, 'rm', '-rf', folder], { stdio: ['ignore', 'ignore', 'ignore'] });
  rmSync(folder, { recursive: true, force: true });
}

function fuseProblem(ctx: Ctx): string | undefined {
  if (!Bun.which('fuse-overlayfs', { PATH: ctx.env.PATH ?? '' })) return 'fuse-overlayfs is not installed';
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return `/dev/fuse cannot be opened (${messageOf(error)})`;
  }
}

/** Whether `folder` has entries; a missing one has none. */
export function hasEntries(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return false;
  }
}
