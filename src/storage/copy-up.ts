// A new volume starts with what the image has at its place: files, owners, modes, times, attributes. Done by the supervisor in the user
// namespace as root, at a container's first start, and only while the volume is empty. It copies beside the volume's files (in a folder that no
// container sees) and then moves the finished copy in, name by name, where nothing has that name: other containers may have the volume already.
// Crash rule: `.skiff-filling-*` is a copy that is being made, and is garbage for who holds the lock. `.skiff-filled` is a whole one that is being
// moved in, and whoever finds it goes on with that; so a volume is filled as soon as that name is there. Nothing that was in the volume is ever removed.
import { closeSync, opendirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolderAt, openFolderAt, setTimesFd } from '../sys/at.ts';
import { EngineError, errnoOf, isDiskFull, messageOf } from '../sys/errors.ts';
import { type Lock, tryLock } from '../sys/lock.ts';
import { moveAt, removeTreeAt } from '../sys/move-at.ts';
import { randomHex } from '../sys/random.ts';
import { namesAt, statAt } from '../sys/read-at.ts';
import { syncFileSystem } from './sync.ts';
import { copyAttributes, copyTree, TreeCopyError } from './tree-copy.ts';

const FILLING = '.skiff-filling-';
const FILLED = '.skiff-filled';
const COPY_TIMEOUT_MS = 600_000;
const LOOK_MS = 10;

export interface CopyUp {
  /** For messages. */
  name: string;
  /** The volume's own folder. */
  folder: string;
  /** The volume's files; not in its folder when it stands for another one. */
  data: string;
  /** Opens what it starts with; undefined where the image has no folder. Nothing is copied without it. */
  openSource?: (() => OpenSource | undefined) | undefined;
  signal: AbortSignal;
}

export interface OpenSource {
  fd: number;
  /** A layer's own folder, not what a mount shows of it. */
  isLayer: boolean;
}

/** Fills the volume if it is empty, and finishes what somebody before us began to move in. Throws ERR_COPY_UP; the volume is as it was then. */
export async function copyUp(options: CopyUp): Promise<void> {
  const { folder, data, signal, name } = options;
  const staging = openSync(data.startsWith(`${folder}/`) ? folder : data, 'r');
  try {
    if (!(statAt(staging, FILLED) || (options.openSource && isEmpty(data)))) return;
    const lock = await lockFor(join(folder, 'lock'), { name, signal });
    const target = openSync(data, 'r');
    try {
      await fill({ ...options, staging, target });
    } finally {
      closeSync(target);
      lock.release();
    }
  } finally {
    closeSync(staging);
  }
}

interface Filling extends CopyUp {
  /** The folder that the copy is made in. */
  staging: number;
  target: number;
}

async function fill(filling: Filling): Promise<void> {
  const { staging, target, data } = filling;
  if (statAt(staging, FILLED)) return moveIn(staging, target);
  for (const name of namesAt(staging, '')) if (name.startsWith(FILLING)) removeTreeAt(staging, name);
  const source = isEmpty(data) ? filling.openSource?.() : undefined;
  if (!source) return;
  try {
    if (namesAt(source.fd, '').length === 0) return copyAttributes(source.fd, target);
    await stage(filling, source);
  } finally {
    closeSync(source.fd);
  }
  moveIn(staging, target);
}

/** Makes the whole copy, on the disk before it has the name that counts. */
async function stage({ staging, signal, name }: Filling, source: OpenSource): Promise<void> {
  const making = FILLING + randomHex(8);
  try {
    makeFolderAt(staging, making, 0o700);
    const copy = openFolderAt(staging, making);
    try {
      await copyTree(source.fd, copy, { signal, isLayer: source.isLayer });
      syncFileSystem(copy);
    } finally {
      closeSync(copy);
    }
    moveAt({ from: staging, to: staging, name: making, as: FILLED });
  } catch (error) {
    removeTreeAt(staging, making);
    throw signal.aborted ? error : failed(name, error);
  }
}

function moveIn(staging: number, target: number): void {
  const copy = openFolderAt(staging, FILLED);
  try {
    // The moves change its time.
    const before = statAt(copy, '');
    for (const name of namesAt(copy, '')) moveAt({ from: copy, to: target, name });
    copyAttributes(copy, target);
    if (before) setTimesFd(target, before.mtimeSeconds, before.mtimeNanoseconds);
  } finally {
    closeSync(copy);
  }
  removeTreeAt(staging, FILLED);
}

function failed(name: string, error: unknown): EngineError {
  const file = error instanceof TreeCopyError && error.path ? ` at "${error.path}"` : '';
  const why = isDiskFull(error) ? 'no space left on device' : (errnoOf(error) ?? messageOf(error));
  return new EngineError('ERR_COPY_UP', `Cannot fill the new volume "${name}" with the image's files${file}: ${why}`, {
    hint: isDiskFull(error)
      ? 'Free some disk space, or mount the volume with the option "nocopy"'
      : 'Mount the volume with the option "nocopy" to start with an empty one',
    cause: error,
    exitCode: 125,
  });
}

// Another container's supervisor may be filling the same volume, which takes its time.
async function lockFor(path: string, { name, signal }: Pick<CopyUp, 'name' | 'signal'>): Promise<Lock> {
  const deadline = performance.now() + COPY_TIMEOUT_MS;
  for (;;) {
    const lock = tryLock(path);
    if (lock) return lock;
    signal.throwIfAborted();
    if (performance.now() > deadline) {
      throw new EngineError('ERR_COPY_UP', `Cannot fill the new volume "${name}" with the image's files: another container is at it`, {
        hint: 'Wait until that container runs, or remove it',
        exitCode: 125,
      });
    }
    await Bun.sleep(LOOK_MS);
  }
}

/** What we make in it ourselves does not count. Reads no more of a large folder than it has to. */
function isEmpty(folder: string): boolean {
  const open = opendirSync(folder);
  try {
    for (let entry = open.readSync(); entry; entry = open.readSync()) if (!entry.name.startsWith(FILLING)) return false;
    return true;
  } finally {
    open.closeSync();
  }
}
