// The container's root filesystem from its layers. Ladder: native overlay in the user namespace (userxattr, kernel 5.11+) →
// fuse-overlayfs → a copy. Probed once per boot by really mounting; the choice and its reason are cached in the run folder.
// Mounts are made in the supervisor's private mount namespace, so they cannot outlive it.
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layerFs, tmpDir } from '../storage/layout.ts';
import { readJson, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, isDiskFull, messageOf } from '../sys/errors.ts';
import { chdir, mount } from '../sys/mount.ts';
import { deafToTerm } from '../sys/process.ts';
import { findProgram, requireProgram } from '../sys/programs.ts';
import { hangs, startPatienceMs } from './patience.ts';
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
  /** Told of a child that stays. */
  onSpawn: (pid: number) => void;
  /** Ends what takes long. */
  signal: AbortSignal;
  /** fuse-overlayfs's options for files that are to be shown under other ids. */
  idMapping?: readonly string[];
  /** Called when what serves the files has died. */
  onLost?: () => void;
  /** The container removes itself: nothing it writes into its rootfs has to reach the disk. */
  isPassing?: boolean;
}

/**
 * Makes the rootfs of `layers` (diff-ids, base first) and returns its path. In the user namespace, with a mount namespace of
 * one's own. Throws ERR_ROOTFS, ERR_HANGS.
 */
export async function makeRootfs(ctx: Ctx, driver: StorageDriver, layers: string[], folders: RootfsFolders): Promise<string> {
  // Equal layers of one image are one folder, which overlay may be given once: the topmost place wins, and hides nothing.
  const topFirst = [...new Set(layers.toReversed())].map((diffId) => layerFs(ctx, diffId));
  for (const layer of topFirst) requireLayer(layer);
  return stackFolders(ctx, driver, topFirst, folders);
}

/** The same of any folders, topmost first; nothing is written into them. */
export async function stackFolders(ctx: Ctx, driver: StorageDriver, lower: readonly string[], folders: RootfsFolders): Promise<string> {
  const merged = join(folders.container, 'merged');
  const topFirst = [...lower];
  if (driver === 'copy') {
    requireProgram(ctx.env, 'cp', 'which the storage driver "copy" needs');
    return copyLayers(topFirst.toReversed(), folders.container, folders);
  }
  if (topFirst.length === 0) topFirst.push(emptyLayer(folders.scratch));
  const { container } = folders;
  if (driver === 'overlay') mountOverlay(merged, { topFirst, ...folders });
  else await mountFuse(ctx, merged, { topFirst, ...folders, upper: container });
  return merged;
}

interface OverlayMount extends RootfsFolders {
  topFirst: string[];
}

function mountOverlay(merged: string, { topFirst, container, scratch, isPassing }: OverlayMount): void {
  // `volatile` leaves out every sync, the one at unmount too; its mark of an unclean end would keep the folder from being mounted again.
  if (isPassing) rmSync(join(container, 'work/work'), { recursive: true, force: true });
  const upper = `upperdir=${escapeOption(join(container, 'upper'))},workdir=${escapeOption(join(container, 'work'))}`;
  const data = `lowerdir=${shortNames(topFirst, scratch)},${upper},userxattr${isPassing ? ',volatile' : ''}`;
  chdir(scratch);
  try {
    mount('overlay', merged, { type: 'overlay', data });
  } catch (error) {
    if (isDiskFull(error)) throw error;
    throw new EngineError('ERR_ROOTFS', `Cannot mount the root filesystem with overlay: ${messageOf(error)}`, {
      hint: 'Make the container with --storage-driver fuse-overlayfs, or copy',
      cause: error,
      exitCode: 125,
    });
  } finally {
    chdir('/');
  }
}

export function requireLayer(path: string): void {
  try {
    statSync(path);
  } catch (error) {
    throw new EngineError('ERR_LAYER_MISSING', `Cannot make the root filesystem: layer folder "${path}" is missing`, {
      hint: 'Find what is damaged with "skiff system check", then pull the image again',
      cause: error,
      exitCode: 125,
    });
  }
}

/** mount(2) takes one page of options: 127 layers fit as the symlinks 0, 1, … of the current folder, to be `scratch`. */
export function shortNames(layers: string[], scratch: string): string {
  layers.forEach((layer, index) => {
    symlinkSync(layer, join(scratch, String(index)));
  });
  return layers.map((_, index) => String(index)).join(':');
}

export function emptyLayer(scratch: string): string {
  const path = join(scratch, 'empty');
  mkdirSync(path, { mode: 0o755 });
  return path;
}

const escapeOption = (path: string): string => path.replace(/[\\:,]/g, (character) => `\\${character}`);

interface FuseMount extends Pick<RootfsFolders, 'scratch' | 'onSpawn' | 'onLost' | 'idMapping'> {
  topFirst: string[];
  /** Holds upper/ and work/; without it the mount is read-only. */
  upper?: string;
}

/** Mounts layers by fuse-overlayfs. Throws ERR_ROOTFS, ERR_HANGS. */
export async function mountFuse(ctx: Ctx, merged: string, { topFirst, upper, scratch, ...others }: FuseMount): Promise<void> {
  const { onSpawn, onLost, idMapping = [] } = others;
  const program = requireProgram(ctx.env, 'fuse-overlayfs', 'which the storage driver of that name needs');
  // No write-back cache: what the container has written must survive the death of fuse-overlayfs, which dies with its supervisor.
  const options = [
    `lowerdir=${topFirst.map(escapeOption).join(':')}`,
    ...(upper === undefined ? [] : [`upperdir=${escapeOption(join(upper, 'upper'))}`, `workdir=${escapeOption(join(upper, 'work'))}`]),
    'writeback=0',
    ...idMapping,
  ];
  const log = join(scratch, 'fuse.log');
  const before = statSync(merged).dev;
  // A container that ends in order needs its files to the last.
  const fuse = deafToTerm(() =>
    Bun.spawn([program, '-f', '-o', options.join(','), merged], { stdio: ['ignore', 'ignore', Bun.file(log)] }),
  );
  onSpawn(fuse.pid);
  const patienceMs = startPatienceMs(ctx.env);
  const deadline = performance.now() + patienceMs;
  while (fuse.exitCode === null && fuse.signalCode === null && !isMounted(merged, before)) {
    if (performance.now() > deadline) {
      fuse.kill('SIGKILL');
      throw hangs(program, 'mounted the root filesystem', patienceMs);
    }
    await Bun.sleep(1);
  }
  if (fuse.exitCode !== null || fuse.signalCode !== null) throw fuseFailure(readFileSync(log, 'utf8'));
  fuse.unref();
  void fuse.exited.then(onLost);
}

// A mount whose server was killed that very moment fails at everything: its end is about to be seen.
function isMounted(path: string, before: number): boolean {
  try {
    return statSync(path).dev !== before;
  } catch {
    return false;
  }
}

function fuseFailure(said: string): EngineError {
  return new EngineError('ERR_ROOTFS', `Cannot mount the root filesystem with fuse-overlayfs: ${fuseWords(said)}`, {
    hint: 'It needs /dev/fuse: sudo modprobe fuse (inside a container: give that one --device /dev/fuse), or use --storage-driver copy',
    exitCode: 125,
  });
}

function fuseWords(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('unknown argument ignored'));
  return lines.join('; ') || 'it said nothing';
}

async function probe(ctx: Ctx): Promise<RootfsChoice> {
  const enter = await userNamespaceArgv(ctx);
  requireProgram(ctx.env, 'rm', 'which deletes files of sub-ids');
  const folder = join(tmpDir(ctx), `probe-${process.pid}`);
  try {
    for (const name of ['l', 'u', 'w', 'm']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'l/f'), '');
    // Removing a file of the lower layer needs a whiteout in the upper: what a half-working overlay fails at.
    const script = 'mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w,userxattr m && rm m/f && [ ! -e m/f ]';
    const native = Bun.spawnSync([...enter, 'unshare', '--mount', 'sh', '-c', script], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (native.exitCode === 0) return { driver: 'overlay', reason: 'native overlay works in the user namespace' };
    const why = `native overlay does not work here: ${native.stderr.toString().trim().split('\n')[0]}`;
    const fuse = fuseProblem(ctx, enter, folder);
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

// In a pid namespace, which the mount's process dies with; `n` is a fresh upper folder.
function fuseProblem(ctx: Ctx, enter: string[], folder: string): string | undefined {
  if (!findProgram(ctx.env, 'fuse-overlayfs')) return 'fuse-overlayfs is not installed';
  for (const name of ['n', 'o']) mkdirSync(join(folder, name));
  const script = 'fuse-overlayfs -o lowerdir=l,upperdir=n,workdir=o m && rm m/f && [ ! -e m/f ]';
  const argv = [...enter, 'unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script];
  const done = Bun.spawnSync(argv, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  return done.exitCode === 0 ? undefined : `nor does fuse-overlayfs: ${fuseWords(done.stderr.toString())}`;
}
