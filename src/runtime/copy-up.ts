// A new volume starts with what the image has at its place: files, owners, modes, xattrs. Done by the supervisor in the user namespace
// as root, before the volume is mounted, and only while the volume is empty.
// Crash rule: a marker in the volume's folder stands while files are copied; whoever finds it without a copier begins anew.
import { chmodSync, chownSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { type Lock, tryLock } from '../sys/lock.ts';
import { type CopyWatch, copyTree } from './copy-tree.ts';
import { lookInside } from './spec/inside.ts';

const MARKER = 'copying';
const COPY_TIMEOUT_MS = 600_000;
const LOOK_MS = 10;

export interface CopyUp {
  rootfs: string;
  /** Where the volume is to be mounted in it. */
  destination: string;
  /** The volume's files. */
  data: string;
  /** The volume's own folder. */
  folder: string;
}

/** Fills the empty folder `data` with what `rootfs` has at `destination`. Throws ERR_COPY_UP; the next try begins anew. */
export async function copyUp({ rootfs, destination, data, folder }: CopyUp, watch: CopyWatch): Promise<void> {
  const marker = join(folder, MARKER);
  const source = lookInside({ rootfs }, destination);
  if (source.found !== 'directory') return;
  if (!isFile(marker) && !isEmpty(data)) return;
  const lock = await lockFor(join(folder, 'lock'), watch.signal);
  try {
    if (isFile(marker)) clear(data);
    else if (!isEmpty(data)) return;
    writeFileSync(marker, '');
    await copyInto(source.host, data, watch);
    rmSync(marker);
  } finally {
    lock.release();
  }
}

// Another container's supervisor may be filling the same volume, which takes its time.
async function lockFor(path: string, signal: AbortSignal): Promise<Lock> {
  const deadline = performance.now() + COPY_TIMEOUT_MS;
  for (;;) {
    const lock = tryLock(path);
    if (lock) return lock;
    if (signal.aborted || performance.now() > deadline) {
      throw new EngineError('ERR_COPY_UP', "Cannot fill a new volume with the image's files: another container is at it", {
        hint: 'Wait until that container runs, or remove it',
        exitCode: 125,
      });
    }
    await Bun.sleep(LOOK_MS);
  }
}

async function copyInto(source: string, target: string, watch: CopyWatch): Promise<void> {
  if (!isEmpty(source)) {
    const why = await copyTree(source, target, watch);
    if (why !== undefined) {
      throw new EngineError('ERR_COPY_UP', `Cannot fill a new volume with the image's files: ${why}`, {
        hint: 'Free some disk space, or mount the volume with the option "nocopy"',
        exitCode: 125,
      });
    }
  }
  const { uid, gid, mode } = statSync(source);
  chownSync(target, uid, gid);
  chmodSync(target, mode & 0o7777);
}

function clear(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
}

const isEmpty = (folder: string): boolean => readdirSync(folder).length === 0;

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
