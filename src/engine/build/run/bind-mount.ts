// `--mount=type=bind`: files of another stage, of an image, or of the context. Written to, they are an overlay whose upper folder is thrown away, so that
// neither the stage nor the user's folder changes. What of the context is ignored is not there.
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountImage } from '../../../runtime/image-mount.ts';
import { makeRootfs, stackFolders } from '../../../runtime/rootfs.ts';
import { closeFd } from '../../../sys/at.ts';
import { EngineError } from '../../../sys/errors.ts';
import { MS, mount } from '../../../sys/mount.ts';
import { walkInRoot } from '../../../sys/walk-in-root.ts';
import type { ContextSource, MountSource, RunMount } from '../model.ts';
import { type MadeMount, type MountSite, pointAt, targetOf } from './mounts.ts';

type BindMount = Extract<RunMount, { type: 'bind' }>;

/** Throws ERR_MOUNT_SOURCE, ERR_ROOTFS. */
export async function makeBind(at: MountSite, { target, from, source, readonly }: BindMount, index: number): Promise<MadeMount> {
  const tree = await treeOf(at, from, { index, readonly });
  const place = join(at.scratch, 'binds', String(index));
  placeOf(tree, source, place);
  return { points: [pointAt(place, targetOf(at.step, target), { RW: !readonly })] };
}

/** Where the files are: a path that only this mount uses, or, read-only, one that others may use as well. */
export async function treeOf(at: MountSite, from: MountSource, { index, readonly }: { index: number; readonly: boolean }): Promise<string> {
  const { site, driver, scratch } = at;
  const watch = { onSpawn: () => undefined, signal: site.signal };
  const own = join(at.folder, 'mounts', String(index));
  // Not "mounts": there the functions of containers look for sources of theirs.
  const names = join(scratch, 'trees', String(index));
  mkdirSync(names, { recursive: true, mode: 0o700 });
  if (from.kind === 'layers' && readonly) {
    return mountImage(site.ctx, { driver, layers: from.layers, scratch: names, copies: join(own, 'copy'), ...watch });
  }
  const folders = from.kind === 'layers' ? [] : await contextFolders(at, from.context, join(own, 'mask'));
  const [folder] = folders;
  if (folder !== undefined && folders.length === 1 && readonly) return folder;
  for (const name of ['upper', 'work', 'merged']) mkdirSync(join(own, name), { recursive: true, mode: 0o755 });
  const places = { container: own, scratch: names, ...watch, isPassing: true };
  if (from.kind === 'layers') return makeRootfs(site.ctx, driver, from.layers, places);
  return stackFolders(site.ctx, driver, folders, places);
}

/** Topmost first: what hides, if anything is ignored, and the context. */
async function contextFolders({ site }: MountSite, { folder, ignore }: ContextSource, mask: string): Promise<string[]> {
  if (folder === undefined) {
    throw new EngineError('ERR_MOUNT_SOURCE', 'There is no build context to mount files of', { hint: 'Give a folder as the context' });
  }
  if (ignore === undefined) return [folder];
  const { maskContext } = await import('./context-mask.ts');
  const onPause = async (): Promise<void> => {
    await Bun.sleep(0);
    site.signal.throwIfAborted();
  };
  return (await maskContext({ folder, ignore, mask, onPause })) ? [mask, folder] : [folder];
}

/** Shows at `place` what `source` is in the tree, whose symlinks lead nowhere but inside. */
export function placeOf(tree: string, source: string, place: string): void {
  mkdirSync(join(place, '..'), { recursive: true, mode: 0o700 });
  const root = openSync(tree, 'r');
  try {
    const end = walkInRoot(root, Buffer.from(source).toString('latin1'), { follow: true });
    try {
      if (end.kind === undefined) throw missing(source);
      if (end.kind === 'folder') mkdirSync(place, { mode: 0o755 });
      else writeFileSync(place, '');
      mount(`/proc/self/fd/${end.folder}/${Buffer.from(end.base, 'latin1').toString()}`, place, { flags: MS.BIND | MS.REC });
    } finally {
      closeFd(end.folder);
    }
  } catch (error) {
    if (error instanceof EngineError || !isNotThere(error)) throw error;
    throw missing(source);
  } finally {
    closeSync(root);
  }
}

const isNotThere = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(String(error.code));

const missing = (source: string): EngineError =>
  new EngineError('ERR_MOUNT_SOURCE', `failed to mount "${source}": not found`, {
    hint: 'Look at "source" of the mount: it is a path in the stage, image or context that "from" names',
  });
