// The last step of the rootfs ladder: the layers laid over each other in a folder of the container's own, by reflink where the
// filesystem can. Hard links would let a container write into the layer, so they are not used. Overlay's whiteouts (character
// device 0/0) and opaque folders (xattr) are carried out while copying. Finished by a rename, so a half copy is never run.
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../sys/errors.ts';
import { getXattr } from '../sys/xattr.ts';
import { type CopyWatch, copyTree } from './copy-tree.ts';

/** Copies `layers` (folders, base first) to `<container>/rootfs` unless it is there already; returns its path. Throws ERR_ROOTFS. */
export async function copyLayers(layers: string[], container: string, watch: CopyWatch): Promise<string> {
  const target = join(container, 'rootfs');
  if (existsSync(target)) return target;
  const making = join(container, 'rootfs.making');
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { mode: 0o755 });
  try {
    for (const layer of layers) {
      clearHidden(layer, making);
      await copyOver(layer, making, watch);
      clearWhiteouts(layer, making);
    }
    renameSync(making, target);
  } catch (error) {
    // Most often the disk is full: what is half copied would keep it so.
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
  return target;
}

// What the layer hides of the layers below goes first.
function clearHidden(layer: string, target: string): void {
  for (const entry of readdirSync(layer, { withFileTypes: true })) {
    const from = join(layer, entry.name);
    const to = join(target, entry.name);
    if (isWhiteout(from, entry)) rmSync(to, { recursive: true, force: true });
    else if (entry.isDirectory()) {
      if (isOpaque(from) || !isFolder(to)) rmSync(to, { recursive: true, force: true });
      else clearHidden(from, to);
    } else if (isFolder(to)) rmSync(to, { recursive: true, force: true });
  }
}

async function copyOver(layer: string, target: string, watch: CopyWatch): Promise<void> {
  const why = await copyTree(layer, target, watch);
  if (why !== undefined) {
    throw new EngineError('ERR_ROOTFS', `Cannot copy a layer: ${why}`, {
      hint: 'The storage driver "copy" needs room for a whole copy of the image in each container',
      exitCode: 125,
    });
  }
}

function clearWhiteouts(layer: string, target: string): void {
  for (const entry of readdirSync(layer, { withFileTypes: true })) {
    const from = join(layer, entry.name);
    if (isWhiteout(from, entry)) rmSync(join(target, entry.name), { force: true });
    else if (entry.isDirectory()) clearWhiteouts(from, join(target, entry.name));
  }
}

function isWhiteout(path: string, entry: { isCharacterDevice(): boolean }): boolean {
  return entry.isCharacterDevice() && lstatSync(path).rdev === 0;
}

function isOpaque(path: string): boolean {
  return getXattr(path, 'user.overlay.opaque')?.toString() === 'y';
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}
